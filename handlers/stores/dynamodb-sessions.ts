import type { DynamoDb } from "../clients/dynamodb";
import type { ReadCache } from "../resilience/read-cache";
import { HISTORY_TURNS, sessionKey, type Session, type SessionStore } from "./sessions";
import { fromTurnItem, VERSION_KEY, versionKey, type KeptTurn } from "./turn-items";

/**
 * Sessions in a DynamoDB table with the hash key `session` and the range key `turn`. The turns are kept in `cache`
 * under the session's version, which `finish` moves with every turn: a kept context is never older than the last turn.
 */
export function dynamodbSessions(dynamodb: DynamoDb, table: string, cache: ReadCache): SessionStore {
  return {
    async recent(session, nowMs, signal) {
      const version = await readVersion(dynamodb, table, session, signal);
      const read = () => readTurns(dynamodb, table, session, signal);
      // Without a version there are no turns, or only such as the release before kept, which counted none.
      // A turn added between the two reads is kept under the version before it: younger than asked for, which does no
      // harm.
      const turns =
        version === undefined ? await read() : await cache.get(`turns#${version}#${sessionKey(session)}`, read);
      return (turns ?? [])
        .filter(({ expiresAt }) => expiresAt * 1000 > nowMs)
        .map(({ prompt, answer }) => ({ prompt, answer }));
    },
  };
}

async function readVersion(
  dynamodb: DynamoDb,
  table: string,
  session: Session,
  signal?: AbortSignal,
): Promise<string | undefined> {
  // A caller who asks again at once is answered in the light of the last answer: both reads are consistent.
  const { Item } = await dynamodb(
    "GetItem",
    { TableName: table, Key: versionKey(session), ConsistentRead: true },
    signal,
  );
  return Item?.["version"]?.N;
}

/** The last turns, oldest first, expired ones too. */
async function readTurns(
  dynamodb: DynamoDb,
  table: string,
  session: Session,
  signal?: AbortSignal,
): Promise<KeptTurn[]> {
  const { Items = [] } = await dynamodb(
    "Query",
    {
      TableName: table,
      KeyConditionExpression: "#session = :session AND #turn < :version",
      ExpressionAttributeNames: { "#session": "session", "#turn": "turn" },
      ExpressionAttributeValues: { ":session": { S: sessionKey(session) }, ":version": { S: VERSION_KEY } },
      ScanIndexForward: false,
      Limit: HISTORY_TURNS,
      ConsistentRead: true,
    },
    signal,
  );
  return Items.map(fromTurnItem).reverse();
}
