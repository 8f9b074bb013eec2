#!/usr/bin/env node
// TypeScript runs as it is: there is no build step whose result could be older than the source.
require("tsx/cjs");
void require("../cli.ts").main(process.argv);
