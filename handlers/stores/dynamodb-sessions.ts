import { PutItemCommand, QueryCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { HISTORY_TURNS, keptAnswer, sessionKey, turnKey, type SessionStore } from "./sessions";

/** Sessions in a DynamoDB table with the hash key `session` and the range key `turn`. */
export function dynamodbSessions(client: DynamoDBClient, table: string): SessionStore {
  return {
    async recent(session, nowMs) {
      const command = new QueryCommand({
        TableName: table,
        KeyConditionExpression: "#session = :session",
        ExpressionAttributeNames: { "#session": "session" },
        ExpressionAttributeValues: { ":session": { S: sessionKey(session) } },
        ScanIndexForward: false,
        Limit: HISTORY_TURNS,
        // A caller who asks again at once is answered in the light of the last answer.
        ConsistentRead: true,
      });
      const { Items = [] } = await client.send(command);
      return Items.filter((item) => Number(item["expires_at"]?.N) * 1000 > nowMs)
        .map((item) => ({ prompt: item["prompt"]?.S ?? "", answer: item["answer"]?.S ?? "" }))
        .reverse();
    },
    async append(session, turn) {
      const item = {
        session: { S: sessionKey(session) },
        turn: { S: turnKey(turn) },
        prompt: { S: turn.prompt },
        answer: { S: keptAnswer(turn.answer) },
        expires_at: { N: String(turn.expiresAt) },
      };
      await client.send(new PutItemCommand({ TableName: table, Item: item }));
    },
  };
}
