#!/usr/bin/env node
// What cdktf.json runs: writes the stacks as Terraform JSON.
void require("./program.js").load("app");
