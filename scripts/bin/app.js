#!/usr/bin/env node
// What cdktf.json runs: writes the stacks as Terraform JSON.
require("./node-version.js");
void require("./program.js").load("app");
