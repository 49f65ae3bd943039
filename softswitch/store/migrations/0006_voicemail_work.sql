-- What becomes of a message: its caller speaks another one instead, an agent is given it, its caller is called back.
ALTER TABLE voicemails ADD COLUMN discarded_at REAL;
ALTER TABLE voicemails ADD COLUMN handed_at REAL;
ALTER TABLE voicemails ADD COLUMN handed_by TEXT;
ALTER TABLE voicemails ADD COLUMN handed_queue TEXT;
ALTER TABLE voicemails ADD COLUMN handed_agent TEXT;
ALTER TABLE voicemails ADD COLUMN contact_id TEXT;
ALTER TABLE voicemails ADD COLUMN called_back_at REAL;
ALTER TABLE voicemails ADD COLUMN called_back_by TEXT;
ALTER TABLE voicemails ADD COLUMN called_back_in TEXT;
