// Garbage under V8's collector; with "leak" a part of it is remembered for ever.
const leaks = process.argv[2] === "leak";
const remembered = [];

function request() {
  const parts = [];
  for (let i = 0; i < 200; i++) {
    parts.push({ id: i, text: `part ${i} ${Math.random()}`.repeat(8) });
  }
  return parts;
}

setInterval(() => {
  const parts = request();
  if (leaks) remembered.push(parts);
}, 25);
