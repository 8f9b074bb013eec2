// How big and how clear the house is, against bounds that fail the build. A bound is lowered when it is undercut, and
// raised only in the commit that needs it, with its reason there. `--write` lowers the bounds to what was measured.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";

const PROJECT = join(import.meta.dirname, "../..");
const BOUNDS = join(import.meta.dirname, "measures.json");

const SHIPPED = ["stacks", "modules", "handlers", "scripts"];
/** What proves and measures the project itself has a bound of its own. */
const PROOF = ["__tests__/proof", "bench"];
const COLUMNS = 120;
const [SHORT, LONG] = [25, 300];
const MANY_PARAMETERS = 3;

function filesBelow(folder) {
  return readdirSync(join(PROJECT, folder), { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && /\.(ts|mjs|js)$/.test(entry.name) && !entry.parentPath.includes("node_modules"),
    )
    .map((entry) => relative(PROJECT, join(entry.parentPath, entry.name)))
    .sort();
}

function read(file) {
  const text = readFileSync(join(PROJECT, file), "utf8");
  const lines = text.split("\n");
  return {
    file,
    lines: lines.length - 1,
    wide: lines.filter((line) => line.length > COLUMNS).length,
    ...syntax(file, text),
  };
}

/** Functions with many parameters, and casts that take the compiler's word away. */
function syntax(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  let [many, casts] = [0, 0];
  const visit = (node) => {
    if (ts.isFunctionLike(node) && node.body !== undefined && node.parameters.length > MANY_PARAMETERS) many += 1;
    if (
      ts.isAsExpression(node) &&
      ts.isAsExpression(node.expression) &&
      node.expression.type.kind === ts.SyntaxKind.UnknownKeyword
    )
      casts += 1;
    if (node.kind === ts.SyntaxKind.AnyKeyword) casts += 1;
    if (ts.isPropertyDeclaration(node) && node.exclamationToken !== undefined) casts += 1;
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { many, casts };
}

const sum = (files, value) => files.reduce((total, each) => total + value(each), 0);
const shipped = SHIPPED.flatMap(filesBelow).map(read);
const proof = PROOF.flatMap(filesBelow)
  .filter((file) => !file.startsWith("bench/peers"))
  .map(read);
/** What the measures of clarity are taken of: tests may be longer. */
const all = [...shipped, ...proof.filter(({ file }) => !file.endsWith(".test.ts"))];
/** Index files, the program's starts, and what Lambda loads of each function: they name what stands elsewhere. */
const isEntry = ({ file }) => /(^|\/)index\.ts$|^scripts\/bin\/|^handlers\/\w+\.ts$/.test(file);
const measured = {
  "shipped files": shipped.length,
  "shipped lines": sum(shipped, ({ lines }) => lines),
  "bench and proof lines": sum(proof, ({ lines }) => lines),
  "files under 25 lines": all.filter((each) => each.lines < SHORT && !isEntry(each)).length,
  "files over 300 lines": all.filter(({ lines }) => lines > LONG).length,
  "lines over 120 columns": sum(all, ({ wide }) => wide),
  "functions with more than 3 parameters": sum(all, ({ many }) => many),
  "any, as unknown as, and fields with !": sum(all, ({ casts }) => casts),
  "bytes of README": readFileSync(join(PROJECT, "README.md")).length,
};

const bounds = JSON.parse(readFileSync(BOUNDS, "utf8"));
const lowered = Object.fromEntries(
  Object.entries(measured).map(([name, value]) => [
    name,
    { bound: Math.min(value, bounds[name]?.bound ?? value), target: bounds[name]?.target ?? 0 },
  ]),
);
if (process.argv.includes("--write")) {
  const lines = Object.entries(lowered).map(
    ([name, { bound, target }]) => ` ${JSON.stringify(name)}: { "bound": ${bound}, "target": ${target} }`,
  );
  writeFileSync(BOUNDS, `{\n${lines.join(",\n")}\n}\n`);
}

const rows = Object.entries(measured).map(([name, value]) => [name, value, bounds[name].bound, bounds[name].target]);
const passed = rows.filter(([, value, bound]) => value > bound);
const width = Math.max(...rows.map(([name]) => name.length));
const column = (value) => String(value).padStart(9);
if (!process.argv.includes("--quiet")) {
  console.log(`${"".padEnd(width)}${column("now")}${column("bound")}${column("target")}`);
  for (const [name, value, bound, target] of rows)
    console.log(`${name.padEnd(width)}${column(value)}${column(bound)}${column(target)}`);
}
for (const [name, value, bound] of passed)
  console.error(
    `${name}: ${value}, and the bound is ${bound}. Make it smaller, or raise the bound in __tests__/runner/measures.json with the reason in the commit.`,
  );
process.exitCode = passed.length === 0 ? 0 : 1;
