import { verdict } from "../../../bench/pool";

test("the pool's gain is told as a ratio and in milliseconds a call, beside what a bare socket would gain", () => {
  const { exitCode, figures } = verdict({ perCall: [9, 10, 11], pooled: [2, 2, 2], socket: [1, 1, 1] });
  expect(exitCode).toBe(0);
  expect(figures).toEqual([
    expect.objectContaining({
      compares: "status poll over TLS: a client for each call / the pool (10.00 ms / 2.00 ms); 8.00 ms saved a call",
      measured: "5.0x",
      limit: "10.0x, a bare kept socket (1.00 ms)",
      holds: true,
    }),
  ]);
});

test("a pool that gains nothing is exit code 1", () => {
  expect(verdict({ perCall: [2], pooled: [2], socket: [1] }).exitCode).toBe(1);
});
