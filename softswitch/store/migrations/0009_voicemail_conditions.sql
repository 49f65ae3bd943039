-- What held of the overflow rule that brought a caller to the box, and the node of the flow that did; NULL of before.
ALTER TABLE voicemails ADD COLUMN node TEXT;
ALTER TABLE voicemails ADD COLUMN conditions TEXT;
