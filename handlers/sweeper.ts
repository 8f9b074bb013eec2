import { openSweeper } from "./runtime/sweeper";

/** Finds the requests that nobody works on, and takes those that failed for good: every request gets an end. */
export const handler = openSweeper(process.env);
