#!/usr/bin/env node
require("./node-version.js");
void require("./program.js")
  .load("cli")
  .then(({ main }) => main(process.argv));
