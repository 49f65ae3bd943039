-- Why there is a message: an overflow rule sent its caller to the box, or a flow, which is named; NULL of before.
ALTER TABLE voicemails ADD COLUMN reason TEXT;
ALTER TABLE voicemails ADD COLUMN flow TEXT;
