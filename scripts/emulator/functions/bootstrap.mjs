// Runtime client of the local runtime: the loop that Lambda's own Node.js runtime runs, in plain JavaScript, because
// the official one needs a native build. It runs inside the function's process and sees only the function's
// environment.
import { Buffer } from "node:buffer";
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

// An import would also load what the module makes on demand, such as a WebSocket client, which takes as long as the
// rest of Node's start. Lambda's own runtime requires the module too.
const http = process.getBuiltinModule("node:http");

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, _HANDLER } = process.env;
const [host, port] = AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
let requestId;

function call(method, resource, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host, port, agent, method, path: `/2018-06-01/runtime/${resource}` }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ headers: response.headers, body: Buffer.concat(chunks).toString("utf8") }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

function describe(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: (error.stack ?? "").split("\n") };
}

async function report(error, type) {
  const described = { ...describe(error), ...(type === undefined ? {} : { errorType: type }) };
  process.stderr.write(`${JSON.stringify({ level: "ERROR", requestId, ...described })}\n`);
  const resource = requestId === undefined ? "init/error" : `invocation/${requestId}/error`;
  await call("POST", resource, JSON.stringify(described));
}

/** An error that nobody caught ends the environment, after the runtime has reported it. */
function crash(type) {
  return (error) => void report(error, type).finally(() => process.exit(1));
}

async function load() {
  const [, folder, module, name] = /^(.*\/)?([^./]+)\.(.+)$/.exec(_HANDLER) ?? [];
  const base = path.join(LAMBDA_TASK_ROOT, folder ?? "", module ?? _HANDLER);
  const file = [".js", ".mjs", ".cjs"].map((extension) => base + extension).find((candidate) => existsSync(candidate));
  if (file === undefined)
    throw Object.assign(new Error(`Cannot find module '${base}'`), { name: "Runtime.ImportModuleError" });
  // Lambda's own runtime requires CommonJS files too. An import would read the whole file twice, to find its exports.
  const loaded = file.endsWith(".cjs")
    ? process.getBuiltinModule("node:module").createRequire(import.meta.url)(file)
    : await import(pathToFileURL(file).href);
  const handler = loaded[name] ?? loaded.default?.[name];
  if (typeof handler === "function") return handler;
  throw Object.assign(new Error(`${_HANDLER} is undefined or not exported`), { name: "Runtime.HandlerNotFound" });
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

function run(handler, event, context) {
  if (handler.length < 3) return handler(event, context);
  return new Promise((resolve, reject) => {
    const returned = handler(event, context, (error, result) => (error ? reject(error) : resolve(result)));
    if (typeof returned?.then === "function") returned.then(resolve, reject);
  });
}

async function answerNext(handler) {
  const next = await call("GET", "invocation/next");
  requestId = next.headers["lambda-runtime-aws-request-id"];
  process.env._X_AMZN_TRACE_ID = next.headers["lambda-runtime-trace-id"];
  let answer;
  try {
    answer = JSON.stringify(await run(handler, JSON.parse(next.body), contextOf(next.headers))) ?? "null";
  } catch (error) {
    return report(error);
  }
  await call("POST", `invocation/${requestId}/response`, answer);
}

process.on("uncaughtException", crash("Runtime.UnhandledException"));
process.on("unhandledRejection", crash("Runtime.UnhandledPromiseRejection"));
try {
  const handler = await load();
  for (;;) await answerNext(handler);
} catch (error) {
  // Either the module could not be loaded, which is reported, or the host is gone and the report fails too.
  await report(error).catch(() => undefined);
  process.exit(1);
}
