// Refuses a Node.js that is too old. It is written for any version, and is read before everything else.
var parts = process.versions.node.split(".").map(Number);
if (parts[0] < 20 || (parts[0] === 20 && parts[1] < 19)) {
  console.error(
    "Quickturn needs Node.js 20.19 or newer, and this is " + process.versions.node + ". Get one: https://nodejs.org",
  );
  process.exit(64);
}
