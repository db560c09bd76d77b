package modules

import (
	"context"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"path/filepath"
	"strconv"

	"drover/modules/target"
)

type dhparamArgs struct {
	Path    string `arg:"path" type:"path" required:"true" doc:"The file."`
	Size    int    `arg:"size" default:"4096" doc:"Number of bits."`
	State   string `arg:"state" default:"present" choices:"absent,present" doc:"Whether the parameters are there."`
	Force   bool   `arg:"force" default:"false" doc:"Make new ones even when they are there."`
	Backup  bool   `arg:"backup" default:"false" doc:"Keep the former file under a name with the time."`
	Content bool   `arg:"return_content" default:"false" doc:"Give the parameters back."`
	Backend string `arg:"select_crypto_backend" default:"auto" choices:"auto,cryptography,openssl" doc:"Changes nothing here: drover reads the parameters itself, and openssl makes them."`
	FileArgs
}

// dhparamModule keeps a file with parameters for Diffie-Hellman.
func dhparamModule() Module {
	return Define(Spec{
		Name:     "community.crypto.openssl_dhparam",
		Summary:  "Make Diffie-Hellman parameters",
		Doc:      "Makes a file hold parameters for Diffie-Hellman of a size, with the host's openssl. Large ones take minutes. That the prime is one is not checked again for a file that is there.",
		Check:    CheckFull,
		Examples: "- community.crypto.openssl_dhparam:\n    path: /etc/nginx/dh2048.pem\n    size: 2048\n",
		Returns: []Return{
			{"filename", "str", "always", "The file."},
			{"size", "int", "always", "Number of bits."},
			{"dhparams", "str", "with return_content", "The parameters."},
			{"backup_file", "str", "changed, with backup", "Where the former file is kept."},
		},
	}, runDHParam)
}

func runDHParam(ctx context.Context, h target.Host, c *Call, a *dhparamArgs) (*Result, error) {
	if dir := filepath.Dir(a.Path); !isDir(h, dir) {
		return nil, Failf("The directory '%s' does not exist or the file is not a directory", dir)
	}
	data, err := h.ReadFile(a.Path)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return nil, Failf("can't read %s: %w", a.Path, reason(err))
	}
	res := new(Result)
	if a.State == "absent" {
		res.Changed = !missing
		err = a.remove(h, c, res)
	} else {
		res.Changed = a.Force || dhBits(data) != a.Size
		err = a.ensure(ctx, h, c, res)
	}
	if err != nil {
		return nil, err
	}
	res.Set("size", a.Size).Set("filename", a.Path)
	if a.Content {
		data, _ := h.ReadFile(a.Path)
		res.Set("dhparams", orNone(string(data)))
	}
	return res, nil
}

// dhBits gives the size of the prime in a file, 0 where there is none.
func dhBits(data []byte) int {
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "DH PARAMETERS" {
		return 0
	}
	var numbers struct {
		P, G   *big.Int
		Length int `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(block.Bytes, &numbers); err != nil {
		return 0
	}
	return numbers.P.BitLen()
}

func (a *dhparamArgs) keep(h target.Host, res *Result) error {
	if !a.Backup {
		return nil
	}
	kept, err := backupFile(h, a.Path)
	if kept != "" {
		res.Set("backup_file", kept)
	}
	return err
}

func (a *dhparamArgs) remove(h target.Host, c *Call, res *Result) error {
	if !res.Changed || c.Check {
		return nil
	}
	if err := a.keep(h, res); err != nil {
		return err
	}
	if err := h.Remove(a.Path); err != nil {
		return Failf("can't remove %s: %w", a.Path, reason(err))
	}
	return nil
}

// ensure makes the parameters where they are to be made, and the file's
// properties.
func (a *dhparamArgs) ensure(ctx context.Context, h target.Host, c *Call, res *Result) error {
	if _, err := requireTool(h, "openssl"); err != nil {
		return err
	}
	if res.Changed && !c.Check {
		c.Progress("openssl makes parameters of " + strconv.Itoa(a.Size) + " bits")
		out, err := mustRun(ctx, h, "openssl", "dhparam", strconv.Itoa(a.Size))
		if err != nil {
			return err
		}
		if err := a.keep(h, res); err != nil {
			return err
		}
		w := writing{Path: a.Path, Unsafe: a.inPlace(h)}
		if err := w.writeBytes(ctx, h, []byte(out.Stdout)); err != nil {
			return err
		}
	}
	changed, err := a.Apply(ctx, h, c, a.Path, nil)
	res.Changed = res.Changed || changed
	return err
}
