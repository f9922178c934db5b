// portcullis-signer
