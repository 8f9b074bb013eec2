#!/usr/bin/env node
void require("./program.js")
  .load("cli")
  .then(({ main }) => main(process.argv));
