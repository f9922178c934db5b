// portcullis-gate
