// Node and nothing else: an empty timer each second.
setInterval(() => {}, 1000);
