// Sumdbverify checks a log or a receipt of Portcullis with Go's own implementation of the formats
// (golang.org/x/mod/sumdb/note and tlog). It shares no code with Portcullis.
//
//	sumdbverify log DIR VKEY       a tlog-tiles folder: checkpoint, every tile, every entry bundle
//	sumdbverify receipt FILE VKEY  one tlog-proof file
//
// VKEY is the verifier key or the name of a file that holds it. One line is printed; the exit
// status is 0 for verified, 1 for anything else.
//
// Build: GO111MODULE=off GOPATH=/usr/share/gocode go build
// (Debian: golang-go and golang-golang-x-mod-dev).
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) != 4 {
		fail(fmt.Errorf("usage: sumdbverify log DIR VKEY | sumdbverify receipt FILE VKEY"))
	}
	verifier, vkey, err := readVerifier(os.Args[3])
	if err != nil {
		fail(err)
	}
	var summary string
	switch os.Args[1] {
	case "log":
		summary, err = verifyLog(os.Args[2], verifier)
	case "receipt":
		summary, err = verifyReceipt(os.Args[2], verifier, vkey)
	default:
		err = fmt.Errorf("unknown mode %q", os.Args[1])
	}
	if err != nil {
		fail(err)
	}
	fmt.Println("VERIFIED:", summary)
}

func fail(err error) {
	fmt.Println("REFUSED:", strings.ReplaceAll(err.Error(), "\n", " "))
	os.Exit(1)
}

func readVerifier(argument string) (note.Verifier, string, error) {
	if text, err := os.ReadFile(argument); err == nil {
		argument = strings.TrimSuffix(string(text), "\n")
	}
	verifier, err := note.NewVerifier(argument)
	return verifier, argument, err
}

// openCheckpoint verifies the signature and takes the three lines apart.
func openCheckpoint(message []byte, verifier note.Verifier) (tlog.Tree, error) {
	var tree tlog.Tree
	opened, err := note.Open(message, note.VerifierList(verifier))
	if err != nil {
		return tree, fmt.Errorf("checkpoint: %v", err)
	}
	// Go reads base64 with stray bits in its last character; such a byte was changed all the same.
	for _, signature := range append(opened.Sigs, opened.UnverifiedSigs...) {
		if _, err := strictBase64(signature.Base64); err != nil {
			return tree, fmt.Errorf("checkpoint signature: %v", err)
		}
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return tree, fmt.Errorf("checkpoint: not three lines")
	}
	if lines[0] != verifier.Name() {
		return tree, fmt.Errorf("checkpoint: origin %q is not the key's name", lines[0])
	}
	if tree.N, err = decimal(lines[1]); err != nil {
		return tree, fmt.Errorf("checkpoint size: %v", err)
	}
	root, err := strictBase64(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return tree, fmt.Errorf("checkpoint: bad root")
	}
	copy(tree.Hash[:], root)
	return tree, nil
}

func decimal(text string) (int64, error) {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < 0 || strconv.FormatInt(value, 10) != text {
		return 0, fmt.Errorf("bad number %q", text)
	}
	return value, nil
}

func strictBase64(text string) ([]byte, error) {
	return base64.StdEncoding.Strict().DecodeString(text)
}
