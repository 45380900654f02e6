"use strict";
// The page's script: contents that follow the reader, and the table of architectures.

const NARROW = "(max-width: 68rem)";
const SMALL = "(max-width: 52rem)";

function followContents() {
  const details = document.querySelector(".contents details");
  const narrow = matchMedia(NARROW);
  const fold = () => { details.open = !narrow.matches; };
  narrow.addEventListener("change", fold);
  fold();
  const links = [...details.querySelectorAll("a")];
  for (const link of links) {
    link.addEventListener("click", fold);
  }
  const places = links.map((link) => document.querySelector(link.getAttribute("href")));
  const mark = () => {
    const passed = places.filter((place) => place.getBoundingClientRect().top < innerHeight / 3);
    const last = passed.length ? places.indexOf(passed.at(-1)) : 0;
    links.forEach((link, number) => {
      if (number === last) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  };
  addEventListener("scroll", mark, { passive: true });
  mark();
}

function openForPrint() {
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("section > details")) details.open = true;
  });
}

const SVG = "http://www.w3.org/2000/svg";

function drawn(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function made(name, kind, text) {
  const element = document.createElement(name);
  if (kind) element.className = kind;
  if (text !== undefined) element.textContent = text;
  return element;
}

// Unsigned integers that are packed as base64, little-endian.
function unpacked(text, Kind) {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Kind(bytes.buffer);
}

// The architectures: six choices each, what is measured of them, how methods rank them.
class Space {
  constructor(data) {
    this.count = data.count;
    this.edges = data.edges;
    this.operators = data.operators;
    this.choices = Uint8Array.from(data.choices, Number);
    this.parameters = unpacked(data.parameters, Uint32Array);
    this.measured = data.measured.map((packed) => {
      const values = unpacked(packed.values, Uint16Array);
      return { title: packed.title, values, ranks: this.ranksOf(values) };
    });
    this.methods = data.methods.map((method) => (
      { ...method, ranks: unpacked(method.ranks, Uint16Array) }
    ));
    this.places = new Map();
    this.patterns = new Uint32Array(this.count);
    this.alike = new Map();
    for (let index = 0; index < this.count; index += 1) {
      const own = this.choicesOf(index);
      this.places.set(this.code(own), index);
      const live = this.live(own);
      const pattern = this.code(own.map((choice, edge) => (live[edge] ? choice : 0)));
      this.patterns[index] = pattern;
      if (!this.alike.has(pattern)) this.alike.set(pattern, []);
      this.alike.get(pattern).push(index);
    }
  }

  choicesOf(index) {
    const width = this.edges.length;
    return [...this.choices.subarray(index * width, (index + 1) * width)];
  }

  code(choices) {
    return choices.reduce((sum, choice) => sum * this.operators.length + choice, 0);
  }

  // 1 for the highest; equal ones share the better rank.
  ranksOf(values) {
    const order = Uint32Array.from(values.keys()).sort((a, b) => values[b] - values[a]);
    const ranks = new Uint16Array(values.length);
    order.forEach((index, place) => {
      const before = order[place - 1];
      ranks[index] = place && values[before] === values[index] ? ranks[before] : place + 1;
    });
    return ranks;
  }

  // An edge is live if it lies on a path from input to output that no edge without an operator cuts.
  live(choices) {
    const last = Math.max(...this.edges.map(([, target]) => target));
    const reached = new Set([0]);
    const reaches = new Set([last]);
    this.edges.forEach(([source, target], edge) => {
      if (choices[edge] && reached.has(source)) reached.add(target);
    });
    for (let node = last - 1; node >= 0; node -= 1) {
      this.edges.forEach(([source, target], edge) => {
        if (source === node && choices[edge] && reaches.has(target)) reaches.add(node);
      });
    }
    return this.edges.map(([source, target], edge) => (
      Boolean(choices[edge]) && reached.has(source) && reaches.has(target)
    ));
  }

  text(index) {
    const nodes = [];
    this.choicesOf(index).forEach((choice, edge) => {
      const [source, target] = this.edges[edge];
      nodes[target] = `${nodes[target] ?? "|"}${this.operators[choice].name}~${source}|`;
    });
    return nodes.slice(1).join("+");
  }

  // The place of an architecture string, or undefined.
  find(text) {
    const names = this.operators.map((operator) => operator.name);
    const choices = [...text.matchAll(/\|?([^|~+]+)~\d/g)].map((match) => names.indexOf(match[1]));
    if (choices.length !== this.edges.length || choices.includes(-1)) return undefined;
    const index = this.places.get(this.code(choices));
    return this.text(index) === text.trim() ? index : undefined;
  }
}

// A cell: nodes from left to right, an edge for each choice.
function drawCell(space, index) {
  const choices = space.choicesOf(index);
  const live = space.live(choices);
  const [start, step, level] = [34, 117, 148];
  const picture = drawn("svg", { viewBox: "0 0 420 236", role: "img" });
  const spoken = space.edges.map(([source, target], edge) => (
    `${source} to ${target} ${space.operators[choices[edge]].title}`
    + (choices[edge] && !live[edge] ? " (dead)" : "")
  ));
  picture.append(drawn("title", {}, `Cell: ${spoken.join(", ")}`));
  space.edges.forEach(([source, target], edge) => {
    const [from, to] = [start + step * source, start + step * target];
    const bend = { 1: 0, 2: source ? -112 : 112, 3: 236 }[target - source];
    const middle = (from + to) / 2;
    const choice = choices[edge];
    const title = space.operators[choice].title;
    const dead = choice && !live[edge] ? " dead" : "";
    const group = drawn("g", {
      class: `edge edge-${choice}${dead}`, "data-edge": edge, "data-operator": space.operators[choice].name,
    });
    group.append(drawn("path", { d: `M${from} ${level}Q${middle} ${level - bend} ${to} ${level}` }));
    const [width, height, y] = [title.length * 6 + 14, 18, level - bend / 2];
    group.append(drawn("rect", { x: middle - width / 2, y: y - height / 2, width, height, rx: 4 }));
    group.append(drawn("text", { x: middle, y: y + 0.5 }, title));
    picture.append(group);
  });
  ["in", "1", "2", "out"].forEach((name, node) => {
    const group = drawn("g", { class: "node" });
    group.append(drawn("circle", { cx: start + step * node, cy: level, r: 15 }));
    group.append(drawn("text", { x: start + step * node, y: level + 0.5 }, name));
    picture.append(group);
  });
  return picture;
}

class Explorer {
  constructor(root, space) {
    this.root = root;
    this.space = space;
    this.part = (selector) => root.querySelector(selector);
    this.small = matchMedia(SMALL);
    this.sorted = { key: "measured-0", down: true };
    this.page = 0;
    this.rows = [];
    this.pinned = 0;
    this.hidden = new Uint8Array(space.count);
    this.listen();
    root.hidden = false;
    this.choose();
    this.pinned = this.rows[0];
    this.show(this.pinned);
    this.list();
  }

  get size() { return this.small.matches ? 8 : 22; }

  columns() {
    const { measured, methods, parameters } = this.space;
    const chosen = [...this.root.querySelectorAll(".columns input:checked")].map((box) => Number(box.value));
    return [
      ...measured.map((accuracy, number) => ({
        key: `measured-${number}`, title: accuracy.title, kind: "", values: accuracy.values, down: true,
        text: (value) => (value ? (value / 100).toFixed(2) : "–"),
      })),
      {
        key: "parameters", title: "weights (M)", kind: "", values: parameters, down: true,
        text: (value) => (value / 1e6).toFixed(2),
      },
      ...chosen.map((number) => ({
        key: `method-${number}`, title: methods[number].title, values: methods[number].ranks, down: false,
        kind: `rank ${methods[number].family}`, text: (value) => (value ? value.toLocaleString("en") : "–"),
      })),
    ];
  }

  listen() {
    const form = this.part(".filters");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => { this.page = 0; this.choose(); this.list(); });
    form.addEventListener("reset", () => requestAnimationFrame(() => { this.page = 0; this.choose(); this.list(); }));
    this.part(".previous").addEventListener("click", () => this.turn(this.page - 1));
    this.part(".next").addEventListener("click", () => this.turn(this.page + 1));
    this.part(".pager input").addEventListener("change", (event) => this.turn(Number(event.target.value) - 1));
    this.small.addEventListener("change", () => { this.fold(); this.turn(0); });
    this.fold();
    const body = this.part("tbody");
    const indexOf = (event) => event.target.closest("tr")?.dataset.index;
    // What comes under the pointer by scrolling has not been pointed at.
    let [at, moves] = ["", false];
    addEventListener("mousemove", (event) => {
      const now = `${event.clientX} ${event.clientY}`;
      [at, moves] = [now, now !== at];
    }, true);
    body.addEventListener("mousemove", (event) => (
      moves && indexOf(event) && this.show(Number(indexOf(event)))
    ));
    body.addEventListener("mouseleave", () => this.show(this.pinned));
    body.addEventListener("focusin", (event) => indexOf(event) && this.show(Number(indexOf(event))));
    body.addEventListener("click", (event) => indexOf(event) && this.pin(Number(indexOf(event))));
    body.addEventListener("keydown", (event) => this.walk(event));
    this.part("thead").addEventListener("click", (event) => {
      const key = event.target.closest("button")?.dataset.key;
      if (key) this.sort(key);
    });
    const canvas = this.part("canvas");
    canvas.addEventListener("mousemove", (event) => {
      const index = moves ? this.nearest(event) : undefined;
      if (index !== undefined) this.show(index);
    });
    canvas.addEventListener("mouseleave", () => this.show(this.pinned));
    canvas.addEventListener("click", (event) => {
      const index = this.nearest(event);
      if (index !== undefined) this.pin(index);
    });
    for (const select of this.root.querySelectorAll(".map select")) {
      select.addEventListener("change", () => this.draw());
    }
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  fold() { this.part(".columns").open = !this.small.matches; }

  // The rows that pass the filters, in the order of the chosen column.
  choose() {
    const { space } = this;
    const wanted = [...this.root.querySelectorAll(".filters select")]
      .filter((select) => select.value !== "")
      .map((select) => [Number(select.dataset.edge), Number(select.value)]);
    const box = this.part(".wanted");
    const named = box.value.trim() ? space.find(box.value) : null;
    box.setAttribute("aria-invalid", String(named === undefined));
    const distinct = this.part(".distinct").checked;
    const width = space.edges.length;
    this.rows = [];
    for (let index = 0; index < space.count; index += 1) {
      const kept = wanted.every(([edge, choice]) => space.choices[index * width + edge] === choice)
        && (named === null || named === index)
        && (!distinct || space.alike.get(space.patterns[index])[0] === index);
      this.hidden[index] = kept ? 0 : 1;
      if (kept) this.rows.push(index);
    }
    const columns = this.columns();
    const column = columns.find(({ key }) => key === this.sorted.key) ?? columns[0];
    this.sorted.key = column.key;
    const sign = this.sorted.down ? -1 : 1;
    this.rows.sort((a, b) => sign * (column.values[a] - column.values[b]) || a - b);
    const all = space.count.toLocaleString("en");
    const shown = this.rows.length.toLocaleString("en");
    this.part(".found output").textContent = named === undefined
      ? "no architecture of this space" : `${shown} of ${all}`;
    this.draw();
  }

  sort(key) {
    const column = this.columns().find((candidate) => candidate.key === key);
    const down = this.sorted.key === key ? !this.sorted.down : column.down;
    this.sorted = { key, down };
    this.page = 0;
    this.choose();
    this.list();
    this.part(`thead button[data-key="${key}"]`).focus();
  }

  turn(page) {
    const last = Math.max(0, Math.ceil(this.rows.length / this.size) - 1);
    this.page = Math.min(Math.max(0, Number.isFinite(page) ? Math.trunc(page) : 0), last);
    this.list();
  }

  list() {
    const columns = this.columns();
    const head = made("tr");
    head.append(made("th", "", ""), made("th"));
    head.children[0].innerHTML = '<span class="unseen">place</span>';
    head.children[1].innerHTML = '<span class="unseen">cell</span>';
    for (const column of columns) {
      const cell = made("th", `number ${column.kind}`);
      cell.scope = "col";
      if (column.key === this.sorted.key) {
        cell.setAttribute("aria-sort", this.sorted.down ? "descending" : "ascending");
      }
      const button = made("button", "", column.title);
      button.type = "button";
      button.dataset.key = column.key;
      cell.append(button);
      head.append(cell);
    }
    this.part("thead").replaceChildren(head);
    const first = this.page * this.size;
    const body = this.rows.slice(first, first + this.size).map((index, place) => (
      this.row(index, first + place + 1, columns)
    ));
    if (body.length) (body.find((row) => Number(row.dataset.index) === this.pinned) ?? body[0]).tabIndex = 0;
    this.part("tbody").replaceChildren(...body);
    const pages = Math.max(1, Math.ceil(this.rows.length / this.size));
    this.part(".pager output").textContent = pages.toLocaleString("en");
    this.part(".pager input").value = this.page + 1;
    this.part(".pager input").max = pages;
    this.part(".previous").disabled = this.page === 0;
    this.part(".next").disabled = this.page >= pages - 1;
  }

  row(index, place, columns) {
    const row = made("tr");
    row.dataset.index = index;
    row.tabIndex = -1;
    row.setAttribute("aria-selected", String(index === this.pinned));
    row.append(made("td", "number", place.toLocaleString("en")));
    const glyph = made("span", "glyph");
    glyph.title = this.space.text(index);
    for (const choice of this.space.choicesOf(index)) {
      glyph.append(made("i", `operator operator-${choice}`, this.space.operators[choice].letter));
    }
    const cell = made("td");
    cell.append(glyph);
    row.append(cell);
    for (const column of columns) row.append(made("td", "number", column.text(column.values[index])));
    return row;
  }

  walk(event) {
    const row = event.target.closest("tr");
    const steps = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling };
    if (event.key in steps) {
      event.preventDefault();
      steps[event.key]?.focus();
    } else if (event.key === "PageDown" || event.key === "PageUp") {
      event.preventDefault();
      this.turn(this.page + (event.key === "PageDown" ? 1 : -1));
      this.part("tbody tr")?.focus();
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.pin(Number(row.dataset.index));
      this.part(`tbody tr[data-index="${this.pinned}"]`)?.focus();
    }
  }

  pin(index) {
    this.pinned = index;
    for (const row of this.part("tbody").rows) {
      const own = Number(row.dataset.index) === index;
      row.setAttribute("aria-selected", String(own));
      row.tabIndex = own ? 0 : -1;
    }
    if (!this.part('tbody tr[tabindex="0"]')) this.part("tbody tr")?.setAttribute("tabindex", "0");
    this.show(index);
  }

  show(index) {
    if (index === undefined || index === this.shown) return;
    this.shown = index;
    const { space } = this;
    this.part(".picture").replaceChildren(drawCell(space, index));
    const caption = this.part(".cell figcaption");
    const others = space.alike.get(space.patterns[index]).length - 1;
    const alike = others
      ? `${others.toLocaleString("en")} other${others > 1 ? "s differ" : " differs"} from it in dead edges alone.`
      : "No other differs from it in dead edges alone.";
    caption.replaceChildren(made("code", "", space.text(index)), made("br"), alike);
    const facts = [this.heading("Measured: rank of all, and test accuracy")];
    facts.push(this.strips(space.measured.map((accuracy) => (
      { ...accuracy, text: `${(accuracy.values[index] / 100).toFixed(2)} %` }
    )), index));
    facts.push(this.heading("Rank by"));
    facts.push(this.strips(space.methods, index));
    this.part(".facts").replaceChildren(...facts);
    this.draw();
  }

  heading(text) { return made("h4", "", text); }

  // A line for each ranking: best at the right end, as in the map.
  strips(rankings, index) {
    const list = made("ul");
    for (const { title, ranks, family, text } of rankings) {
      const line = made("li", family === "leaked" ? "leaked" : "");
      const strip = made("span", "strip");
      const rank = ranks[index];
      if (rank) {
        const mark = made("i");
        mark.style.left = `${100 * (1 - (rank - 1) / (this.space.count - 1))}%`;
        strip.append(mark);
      }
      const known = rank ? rank.toLocaleString("en") : "–";
      line.append(made("span", "", title), strip, made("b", "", text ?? known));
      if (text) line.title = `rank ${known}`;
      list.append(line);
    }
    return list;
  }

  // Where each architecture stands in the map, from 0 to 1.
  axes() {
    const across = this.space.methods[Number(this.part(".across").value)]?.ranks;
    const up = this.space.measured[Number(this.part(".up").value)].ranks;
    return [across ?? up, up];
  }

  draw() {
    const canvas = this.part("canvas");
    const ratio = devicePixelRatio || 1;
    const side = canvas.clientWidth;
    if (!side) return;
    canvas.width = side * ratio;
    canvas.height = side * ratio;
    const pen = canvas.getContext("2d");
    const colours = getComputedStyle(document.documentElement);
    const point = colours.getPropertyValue("--point");
    pen.scale(ratio, ratio);
    const [across, up] = this.axes();
    const scale = (side - 12) / this.space.count;
    const place = (index) => [side - 6 - across[index] * scale, 6 + up[index] * scale];
    const few = this.rows.length < 2000;
    for (const kept of [0, 1]) {
      pen.fillStyle = kept ? `rgba(${point}, ${few ? 0.9 : 0.3})` : `rgba(128, 128, 128, 0.12)`;
      const size = kept && few ? 2.4 : 1.3;
      for (let index = 0; index < this.space.count; index += 1) {
        if (this.hidden[index] === kept || !across[index] || !up[index]) continue;
        const [x, y] = place(index);
        pen.fillRect(x - size / 2, y - size / 2, size, size);
      }
    }
    if (this.shown === undefined) return;
    const [x, y] = place(this.shown);
    pen.strokeStyle = colours.getPropertyValue("--warm");
    pen.lineWidth = 2.5;
    pen.beginPath();
    pen.arc(x, y, 6, 0, 2 * Math.PI);
    pen.stroke();
  }

  // The shown architecture that is nearest to the pointer.
  nearest(event) {
    const side = event.target.clientWidth;
    const [across, up] = this.axes();
    const scale = (side - 12) / this.space.count;
    const [x, y] = [(side - 6 - event.offsetX) / scale, (event.offsetY - 6) / scale];
    let [least, nearest] = [Infinity, undefined];
    for (const index of this.rows) {
      const distance = (across[index] - x) ** 2 + (up[index] - y) ** 2;
      if (distance < least) [least, nearest] = [distance, index];
    }
    return nearest;
  }
}

// Architecture strings in other tables lead to the table of architectures.
function linkArchitectures(explorer) {
  for (const place of document.querySelectorAll(".result code")) {
    const index = explorer.space.find(place.textContent);
    if (index === undefined) continue;
    const button = made("button", "jump");
    button.type = "button";
    button.title = "Draw its cell";
    place.replaceWith(button);
    button.append(place);
    button.addEventListener("click", () => {
      explorer.pin(index);
      explorer.root.querySelector(".cell").scrollIntoView({ block: "center" });
    });
  }
}

followContents();
openForPrint();
const packed = document.getElementById("packed");
if (packed) {
  const space = new Space(JSON.parse(packed.textContent));
  linkArchitectures(new Explorer(document.querySelector(".explorer"), space));
}
