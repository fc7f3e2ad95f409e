"""How well a model answers the lab's questions, beside what people do today: raw tshark output in a prompt."""
