#!/usr/bin/env node
// A canary in a process of its own, which a rehearsal kills.
void require("./program.js").load("canary-process");
