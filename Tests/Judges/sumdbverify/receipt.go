package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	receiptVersion = 1
	leafStart      = 33 // after the version and the audit public key
)

// verifyReceipt checks a tlog-proof whose extra bytes are version, audit public key and leaf.
func verifyReceipt(path string, verifier note.Verifier, vkey string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	split := bytes.Index(data, []byte("\n\n"))
	if split < 0 {
		return "", fmt.Errorf("no empty line")
	}
	lines := strings.Split(string(data[:split]), "\n")
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return "", fmt.Errorf("not a tlog-proof")
	}
	extra, err := strictBase64(strings.TrimPrefix(lines[1], "extra "))
	if err != nil || !strings.HasPrefix(lines[1], "extra ") || len(extra) <= leafStart {
		return "", fmt.Errorf("bad extra line")
	}
	if extra[0] != receiptVersion {
		return "", fmt.Errorf("unknown version %d", extra[0])
	}
	if err := checkKey(extra[1:leafStart], vkey); err != nil {
		return "", err
	}
	index, err := decimal(strings.TrimPrefix(lines[2], "index "))
	if err != nil || !strings.HasPrefix(lines[2], "index ") {
		return "", fmt.Errorf("bad index line")
	}
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := strictBase64(line)
		if err != nil || len(hash) != tlog.HashSize {
			return "", fmt.Errorf("bad hash line")
		}
		proof = append(proof, *(*tlog.Hash)(hash))
	}
	tree, err := openCheckpoint(data[split+2:], verifier)
	if err != nil {
		return "", err
	}
	leaf := tlog.RecordHash(extra[leafStart:])
	if index >= tree.N {
		return "", fmt.Errorf("index %d in a log of %d entries", index, tree.N)
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, leaf); err != nil {
		return "", err
	}
	return fmt.Sprintf("entry %d of %d", index, tree.N), nil
}

// checkKey compares the public key in the receipt with the one in the verifier key.
func checkKey(found []byte, vkey string) error {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return fmt.Errorf("bad verifier key")
	}
	key, err := strictBase64(parts[2])
	if err != nil || len(key) != 33 || !bytes.Equal(key[1:], found) {
		return fmt.Errorf("the receipt names another audit key")
	}
	return nil
}
