# llm/openai_wire/ -- the chat completions API as OpenAI's and twenty other servers speak it, in our own client.
