// ai_sdk.mjs -- the AI SDK with the providers for OpenAI and for what is compatible with it.
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, streamText } from "ai";

const baseURL = `${process.env.PARLEY}/openai/v1`;
const apiKey = process.env.KEY;
const openai = createOpenAI({ baseURL, apiKey });
const compatible = createOpenAICompatible({ name: "parley", baseURL, apiKey });
const found = {};
for (const [name, model] of Object.entries({
  responses: openai.responses("parley"),
  chat: openai.chat("parley"),
  compatible: compatible("parley"),
})) {
  const first = await generateText({ model, prompt: `add ${name} milk`, maxRetries: 0 });
  const messages = [{ role: "user", content: `add ${name} milk` }, ...first.response.messages, { role: "user", content: `add ${name} eggs` }];
  const parts = [];
  const stream = streamText({ model, messages, maxRetries: 0, onError: ({ error }) => parts.push(`error: ${error}`) });
  for await (const part of stream.fullStream) parts.push(part.type);
  found[name] = { whole: first.text, streamed: await stream.text, parts: [...new Set(parts)], reason: await stream.finishReason };
}
const failure = await generateText({ model: compatible("gpt-9"), prompt: "hi", maxRetries: 0 }).catch((error) => [error.name, error.statusCode, error.message]);
console.log(JSON.stringify({ ...found, failure }));
