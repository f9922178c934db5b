// portcullis-front
