import { once } from "../../../handlers/clients/once";

test("a thing is made with the first call, and given to all", async () => {
  const make = jest.fn(async () => ({}));
  const get = once(make);
  expect(make).not.toHaveBeenCalled();
  const [one, other] = await Promise.all([get(), get()]);
  expect(one).toBe(other);
  expect(make).toHaveBeenCalledTimes(1);
});

test("a failure is not kept", async () => {
  const get = once(jest.fn(async () => "made").mockRejectedValueOnce(new Error("no network")));
  await expect(get()).rejects.toThrow("no network");
  await expect(get()).resolves.toBe("made");
});
