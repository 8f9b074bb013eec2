import { ResultMissingError, type ResultStore } from "../../handlers/requests/results";

/** Results in this process. */
export function memoryResults(): ResultStore {
  const results = new Map<string, string>();
  return {
    async put(key, json) {
      results.set(key, json);
    },
    async get(key) {
      const json = results.get(key);
      if (json === undefined) throw new ResultMissingError(`There is no result ${key}`);
      return json;
    },
  };
}
