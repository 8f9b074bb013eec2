import { addSample, increment, KEPT_SAMPLES, StatisticsRecorder } from "../../../scripts/emulator/statistics";

test("a snapshot does not change afterwards", () => {
  const recorder = new StatisticsRecorder();
  recorder.route("GET /").requests += 1;
  recorder.queue("q").received += 2;
  increment(recorder.function("f").versions, "1");
  const snapshot = recorder.snapshot();
  recorder.route("GET /").requests += 1;
  increment(recorder.function("f").versions, "1");
  expect([snapshot.routes["GET /"]!.requests, snapshot.functions.f!.versions, snapshot.queues.q]).toEqual([
    1,
    { 1: 1 },
    { received: 2, deleted: 0, failed: 0 },
  ]);
});

test("the oldest sample is dropped", () => {
  const samples: number[] = [];
  for (let value = 0; value <= KEPT_SAMPLES; value += 1) addSample(samples, value);
  expect([samples.length, samples[0]]).toEqual([KEPT_SAMPLES, 1]);
});
