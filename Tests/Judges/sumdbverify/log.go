package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
)

// verifyLog checks that the entries give the signed root, that every tile and bundle that a reader
// of this size may ask for is there, and that every file found holds what the entries say.
func verifyLog(dir string, verifier note.Verifier) (string, error) {
	message, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return "", err
	}
	tree, err := openCheckpoint(message, verifier)
	if err != nil {
		return "", err
	}
	leaves, err := readLeaves(dir, tree.N)
	if err != nil {
		return "", err
	}
	stored, err := storedHashes(leaves)
	if err != nil {
		return "", err
	}
	// This version of the package returns zeros for the empty tree; RFC 6962 says SHA-256("").
	root := tlog.Hash(sha256.Sum256(nil))
	if tree.N > 0 {
		if root, err = tlog.TreeHash(tree.N, stored); err != nil {
			return "", err
		}
	}
	if root != tree.Hash {
		return "", fmt.Errorf("root of %d entries is %v, checkpoint says %v", tree.N, root, tree.Hash)
	}
	if err := checkComplete(dir, tree.N); err != nil {
		return "", err
	}
	return checkFiles(dir, tree.N, leaves, stored)
}

// hashes is the dense list of tlog.StoredHashIndex.
type hashes []tlog.Hash

func (h hashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for place, index := range indexes {
		if index >= int64(len(h)) {
			return nil, fmt.Errorf("no stored hash %d", index)
		}
		found[place] = h[index]
	}
	return found, nil
}

func storedHashes(leaves []tlog.Hash) (hashes, error) {
	stored := make(hashes, 0, 2*len(leaves))
	for index, leaf := range leaves {
		more, err := tlog.StoredHashesForRecordHash(int64(index), leaf, stored)
		if err != nil {
			return nil, err
		}
		stored = append(stored, more...)
	}
	return stored, nil
}

func readLeaves(dir string, size int64) ([]tlog.Hash, error) {
	var leaves []tlog.Hash
	for bundle := int64(0); bundle*width < size; bundle++ {
		count := min(size-bundle*width, width)
		// A full bundle also stands for the partial ones before it, which may have been deleted.
		data, err := os.ReadFile(filepath.Join(dir, entriesPath(bundle, count)))
		if err != nil {
			data, err = os.ReadFile(filepath.Join(dir, entriesPath(bundle, width)))
		}
		if err != nil {
			return nil, err
		}
		found, err := bundleHashes(data)
		if err != nil {
			return nil, fmt.Errorf("bundle %d: %v", bundle, err)
		}
		if int64(len(found)) < count {
			return nil, fmt.Errorf("bundle %d has %d entries, not %d", bundle, len(found), count)
		}
		leaves = append(leaves, found[:count]...)
	}
	return leaves, nil
}

// bundleHashes takes a bundle apart: a big-endian length of two bytes before each entry.
func bundleHashes(data []byte) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for len(data) > 0 {
		if len(data) < 2 {
			return nil, fmt.Errorf("cut short")
		}
		length := int(data[0])<<8 | int(data[1])
		if len(data) < 2+length {
			return nil, fmt.Errorf("cut short")
		}
		found = append(found, tlog.RecordHash(data[2:2+length]))
		data = data[2+length:]
	}
	return found, nil
}

func checkComplete(dir string, size int64) error {
	for level, count := 0, size; count > 0; level, count = level+1, count>>height {
		for tile := int64(0); tile*width < count; tile++ {
			wide := min(count-tile*width, width)
			names := []string{tilePath(level, tile, wide), tilePath(level, tile, width)}
			if level == 0 {
				names = append(names, entriesPath(tile, wide), entriesPath(tile, width))
			}
			for at := 0; at < len(names); at += 2 {
				if !exists(dir, names[at]) && !exists(dir, names[at+1]) {
					return fmt.Errorf("%s is missing", names[at])
				}
			}
		}
	}
	return nil
}

func checkFiles(dir string, size int64, leaves []tlog.Hash, stored hashes) (string, error) {
	tiles, bundles, ahead := 0, 0, 0
	top := filepath.Join(dir, "tile")
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if os.IsNotExist(err) && path == top && size == 0 {
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		isEntries := strings.HasPrefix(name, "tile/entries/")
		tile, err := parsePath(name)
		if err != nil {
			return err
		}
		// Tiles are written before the checkpoint that covers them, so a live log may be ahead.
		if (tile.N*width+int64(tile.W))<<(height*tile.L) > size {
			ahead++
			return nil
		}
		if isEntries {
			bundles++
			return checkBundle(name, data, leaves[tile.N*width:tile.N*width+int64(tile.W)])
		}
		tiles++
		want, err := tlog.ReadTileData(tile, stored)
		if err != nil {
			return err
		}
		if !bytes.Equal(data, want) {
			return fmt.Errorf("%s differs from the entries", name)
		}
		return nil
	})
	summary := fmt.Sprintf("%d entries, %d tiles, %d bundles", size, tiles, bundles)
	if ahead > 0 {
		summary += fmt.Sprintf("; %d files are ahead of the checkpoint", ahead)
	}
	return summary, err
}

func checkBundle(name string, data []byte, want []tlog.Hash) error {
	found, err := bundleHashes(data)
	if err != nil {
		return fmt.Errorf("%s: %v", name, err)
	}
	if len(found) != len(want) {
		return fmt.Errorf("%s has %d entries, not %d", name, len(found), len(want))
	}
	for index := range want {
		if found[index] != want[index] {
			return fmt.Errorf("%s: entry %d differs from the tree", name, index)
		}
	}
	return nil
}

// Go names tiles tile/<height>/<level>/<index>, ours leave the height out and say "entries" where
// Go says "data".
func parsePath(name string) (tlog.Tile, error) {
	rest := strings.TrimPrefix(name, "tile/")
	if strings.HasPrefix(rest, "entries/") {
		rest = "0/" + strings.TrimPrefix(rest, "entries/")
	}
	tile, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", height, rest))
	if err != nil {
		return tile, fmt.Errorf("%s is not the name of a tile", name)
	}
	return tile, nil
}

func tilePath(level int, index, wide int64) string {
	path := tlog.Tile{H: height, L: level, N: index, W: int(wide)}.Path()
	return "tile/" + strings.TrimPrefix(path, fmt.Sprintf("tile/%d/", height))
}

func entriesPath(index, wide int64) string {
	return "tile/entries/" + strings.TrimPrefix(tilePath(0, index, wide), "tile/0/")
}

func exists(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return err == nil
}

func min(left, right int64) int64 {
	if left < right {
		return left
	}
	return right
}
