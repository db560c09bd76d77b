package modules

import (
	"context"
	"strings"
	"unicode/utf8"

	"drover/modules/target"
)

// decodeFile gives the contents of a file as text. encoding is Python's name of
// the file's encoding, "" for UTF-8. Encodings other than that are left to the
// host's iconv: their tables would be a large part of the runner.
func decodeFile(ctx context.Context, h target.Host, path string, data []byte, encoding string) (string, error) {
	switch strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(encoding)) {
	case "", "utf8", "u8":
		if !utf8.Valid(data) {
			return "", undecodable(path, encoding)
		}
		return string(data), nil
	}
	iconv, err := requireTool(h, "iconv")
	if err != nil {
		return "", err
	}
	for _, name := range []string{encoding, strings.ReplaceAll(encoding, "_", "-")} {
		out, err := runTool(ctx, h, iconv, "-f", name, "-t", "UTF-8", "--", path)
		switch {
		case err != nil:
			return "", err
		case out.RC == 0:
			return out.Stdout, nil
		case badBytes(out.Stderr):
			return "", undecodable(path, encoding)
		}
	}
	return "", Failf("unknown encoding: %s", encoding)
}

// badBytes tells iconv's complaint about the text from that about the name.
func badBytes(said string) bool {
	said = strings.ToLower(said)
	return strings.Contains(said, "illegal") || strings.Contains(said, "incomplete")
}

func undecodable(path, encoding string) error {
	if encoding == "" {
		encoding = "None (default determined by the Python built-in function \"open\")"
	}
	return Failf("Failed to read the file %s due to an encoding error. current encoding: %s", path, encoding)
}
