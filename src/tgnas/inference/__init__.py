"""What a user calls: pretrained weights, streams of files, own training and search."""
