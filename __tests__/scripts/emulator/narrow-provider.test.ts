import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import {
  connect as connectHttp2,
  constants,
  createServer,
  type ClientHttp2Session,
  type Http2Server,
  type ServerHttp2Stream,
} from "node:http2";
import { connect } from "node:net";
import { join } from "node:path";
import {
  narrowProvider,
  type NarrowProvider,
  narrowSchema,
  typesInUse,
} from "../../../scripts/emulator/narrow-provider";
import { temporaryFolder } from "../../support/temporary-folder";
import fc from "fast-check";

describe("narrow provider", () => {
  /** The real provider stands behind it in every test in emulator/; here a server that can be made to fail. */
  const entry = (type: string) =>
    Buffer.concat([Buffer.from([0x12, type.length + 2, 0x0a, type.length]), Buffer.from(type)]);
  const framed = (message: Buffer) => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    return Buffer.concat([prefix, message]);
  };
  const SCHEMA = "/tfplugin5.Provider/GetSchema";

  let upstream: Http2Server;
  let provider: NarrowProvider;
  let terraform: ClientHttp2Session;
  let socket: string;
  /** What is done with a call, and which paths were called. */
  let serve: (call: ServerHttp2Stream) => void;
  let called: string[];
  let used: string[];

  const answer =
    (message: Buffer, status = "0") =>
    (call: ServerHttp2Stream) => {
      call.resume();
      call.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      call.on("wantTrailers", () =>
        call.sendTrailers({ "grpc-status": status, ...(status !== "0" && { "grpc-message": "not now" }) }),
      );
      call.end(message);
    };

  beforeEach(async () => {
    const folder = temporaryFolder("narrow");
    socket = join(folder, "narrow");
    called = [];
    used = ["aws_sqs_queue"];
    upstream = createServer();
    upstream.on("stream", (call, headers) => {
      call.on("error", () => undefined);
      called.push(headers[":path"]!);
      serve(call);
    });
    upstream.listen(join(folder, "provider"));
    await once(upstream, "listening");
    provider = await narrowProvider(join(folder, "provider"), socket, () => (type) => used.includes(type));
    terraform = connectHttp2("http://localhost", { createConnection: () => connect(socket) });
    await once(terraform, "connect");
    terraform.on("error", () => undefined);
  });
  afterEach(async () => {
    terraform.destroy();
    await provider.stop();
    await new Promise((resolve) => upstream.close(resolve));
  });

  async function call(path: string, body: Buffer = Buffer.alloc(5)) {
    const request = terraform.request({
      ":method": "POST",
      ":path": path,
      te: "trailers",
      "content-type": "application/grpc",
    });
    const chunks: Buffer[] = [];
    let status: unknown;
    request.on("response", (headers) => (status = headers["grpc-status"]));
    request.on("trailers", (headers) => (status = headers["grpc-status"]));
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => undefined);
    request.end(body);
    await new Promise((resolve) => request.once("close", resolve));
    return { status, message: Buffer.concat(chunks), code: request.rstCode };
  }

  test("the provider's schema is read once, and each call gets the types that are in use then", async () => {
    serve = answer(framed(Buffer.concat([entry("aws_sqs_queue"), entry("aws_vpc")])));
    expect(await call(SCHEMA)).toEqual({ status: "0", message: framed(entry("aws_sqs_queue")), code: 0 });
    used = ["aws_vpc"];
    expect(await call(SCHEMA)).toEqual({ status: "0", message: framed(entry("aws_vpc")), code: 0 });
    expect(called).toEqual([SCHEMA]);
  });

  test("all other calls pass unchanged in both directions, at any length", async () => {
    serve = (each) => {
      each.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
      each.on("wantTrailers", () => each.sendTrailers({ "grpc-status": "0" }));
      each.pipe(each);
    };
    const long = framed(Buffer.alloc(5_000_000, "x"));
    const { status, message } = await call("/tfplugin5.Provider/PlanResourceChange", long);
    expect([status, message.equals(long), called]).toEqual(["0", true, ["/tfplugin5.Provider/PlanResourceChange"]]);
  });

  test("an error without a message is passed on as an error", async () => {
    serve = (each) => (
      each.resume(),
      each.respond({ ":status": 200, "content-type": "application/grpc", "grpc-status": "12" }, { endStream: true })
    );
    expect(await call("/tfplugin5.Provider/Unknown")).toEqual({ status: "12", message: Buffer.alloc(0), code: 0 });
  });

  test("a provider that gave no schema is asked again", async () => {
    serve = answer(Buffer.alloc(0), "14");
    expect((await call(SCHEMA)).code).toBe(constants.NGHTTP2_INTERNAL_ERROR);
    serve = answer(framed(entry("aws_sqs_queue")));
    expect(await call(SCHEMA)).toMatchObject({ status: "0", code: 0 });
  });

  test("a call that terraform cancels is cancelled at the provider", async () => {
    let gaveUp: Promise<unknown> | undefined;
    const arrived = new Promise<void>((resolve) => {
      serve = (each) => {
        gaveUp = once(each, "aborted");
        resolve();
      };
    });
    const request = terraform.request({ ":method": "POST", ":path": "/tfplugin5.Provider/ApplyResourceChange" });
    request.on("error", () => undefined);
    await arrived;
    request.close(constants.NGHTTP2_CANCEL);
    await expect(gaveUp).resolves.toBeDefined();
  });

  test("stop ends the callers' connections and removes the socket", async () => {
    const ended = new Promise((resolve) => terraform.once("close", resolve));
    await provider.stop();
    await ended;
    expect(existsSync(socket)).toBe(false);
  });

  test.each<[string, (call: ServerHttp2Stream) => void]>([
    ["lets a call go without an answer", (each) => each.close(constants.NGHTTP2_NO_ERROR)],
    ["takes a call back", (each) => each.close(constants.NGHTTP2_CANCEL)],
    [
      "is killed in the middle of an answer",
      (each) => (each.respond({ ":status": 200 }), each.write("half"), setImmediate(() => each.session?.destroy())),
    ],
    ["is killed before an answer", (each) => each.session?.destroy()],
  ])("a provider that %s ends the call with an error", async (_, end) => {
    serve = end;
    expect(await call("/tfplugin5.Provider/ApplyResourceChange")).toMatchObject({
      code: constants.NGHTTP2_INTERNAL_ERROR,
    });
  });
});

describe("narrow schema", () => {
  /** A length-delimited field, as protobuf writes it. */
  function field(number: number, body: Buffer | string): Buffer {
    const bytes = Buffer.from(body);
    return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes]);
  }
  function varint(value: number): Buffer {
    return value < 0x80
      ? Buffer.from([value])
      : Buffer.concat([Buffer.from([(value & 0x7f) | 0x80]), varint(Math.floor(value / 0x80))]);
  }
  const schema = (map: number, type: string, size = 3) =>
    field(map, Buffer.concat([field(1, type), field(2, "x".repeat(size))]));

  test("types in use stay unchanged, other types are removed, and nothing else changes", () => {
    const provider = field(1, "provider");
    const functions = field(7, field(1, "arn_parse"));
    const message = Buffer.concat([
      provider,
      schema(2, "aws_sqs_queue", 70_000),
      schema(2, "aws_vpc"),
      functions,
      schema(3, "aws_region"),
      schema(3, "aws_vpc"),
    ]);
    const used = new Set(["aws_sqs_queue", "aws_region"]);
    expect(narrowSchema(message, (type) => used.has(type))).toEqual(
      Buffer.concat([provider, schema(2, "aws_sqs_queue", 70_000), functions, schema(3, "aws_region")]),
    );
  });

  test("the answer is unchanged when every type is in use", () => {
    const part = fc
      .tuple(fc.constantFrom(2, 3), fc.string({ minLength: 1 }), fc.nat(400))
      .map(([map, type, size]) => schema(map, type, size));
    fc.assert(
      fc.property(fc.array(part), (parts) =>
        narrowSchema(Buffer.concat(parts), () => true).equals(Buffer.concat(parts)),
      ),
      { numRuns: 50 },
    );
  });

  test.each([
    [
      "a field of another kind",
      Buffer.from([0x08, 0x01]),
      /Byte 0 of a message begins no field; expected GetProviderSchema's answer/,
    ],
    [
      "a field that is longer than the message",
      Buffer.from([0x12, 0x7f, 0x00]),
      /Byte 0 of a message begins no field; expected GetProviderSchema's answer/,
    ],
    ["a number that is cut off", Buffer.from([0x12, 0x80]), /A number is cut off in GetProviderSchema's answer/],
    ["a schema without a name", field(2, field(2, "x")), /A schema has no name; expected GetProviderSchema's answer/],
  ])("%s is an error", (_, message, error) => {
    expect(() => narrowSchema(message, () => true)).toThrow(error);
  });
});

describe("types in use", () => {
  test("type names are read from configurations, tests and states in all subfolders", () => {
    const folder = temporaryFolder("types");
    const write = (path: string, text: string) => {
      mkdirSync(join(folder, path, ".."), { recursive: true });
      writeFileSync(join(folder, path), text);
    };
    write("a/main.tf", 'resource "aws_sqs_queue" "q" {}\ndata "aws_region" "r" {}');
    write("a/modules/b/cdk.tf.json", '{"resource":{"aws_lambda_function":{}}}');
    write("a/tests/c.tftest.hcl", 'mock_resource "aws_iam_role" {}');
    write("d/terraform.tfstate", '{"resources":[{"type":"aws_s3_bucket"}]}');
    write("a/notes.md", "aws_vpc");
    write("a/.terraform/modules/e/main.tf", 'resource "aws_subnet" "s" {}');
    expect([...typesInUse([join(folder, "a"), join(folder, "d"), join(folder, "none")])].sort()).toEqual([
      "aws_iam_role",
      "aws_lambda_function",
      "aws_region",
      "aws_s3_bucket",
      "aws_sqs_queue",
    ]);
  });
});
