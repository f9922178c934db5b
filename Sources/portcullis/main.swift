// portcullis
