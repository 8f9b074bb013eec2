import { openFrontDoor } from "./runtime/api";

/** The front door: `POST /api/v1/invoke`, `GET /api/v1/status/{request_id}`, `GET /api/v1/health`. */
export const handler = openFrontDoor(process.env);
