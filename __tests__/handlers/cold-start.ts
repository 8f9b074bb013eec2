/** Loads an entry point afresh, as a cold start does, with these variables and no others of its own. */
export function coldStart<Entry>(
  entry: "api" | "sweeper" | "worker",
  variables: Readonly<Record<string, string>>,
): Entry {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    let loaded: Entry | undefined;
    jest.isolateModules(() => {
      loaded = jest.requireActual<Entry & object>(`../../handlers/${entry}`);
    });
    return loaded as Entry;
  } finally {
    process.env = before;
  }
}
