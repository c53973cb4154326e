package commbox

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/tink-crypto/tink-go/v2/daead/subtle"

	"parley/internal/core"
)

// What an opaque id stands for. The numbers are part of ids that clients keep.
const (
	opaqueStream byte = 1
	opaqueAgent  byte = 2
	opaqueTicket byte = 3
)

// The sizes of opaque ids, as CommBox's clients know them (observed: every
// complete stream id has 16 bytes, the encryptedId of V2's sample has 32).
const (
	streamIDBytes  = aes.BlockSize
	streamIDLength = 24 // in base64
	agentIDLength  = 44
	agentPlain     = 16 // bytes; the synthetic IV doubles them
)

// OpaqueIDs turns ids into the text that stands for them on the wire and back.
// An id gives the same text for as long as the installation's key lives:
// clients keep it in their own configuration.
//
// The alphabet is standard base64 with _f for /, _b for + and %3d for =; the
// percent sign is a literal part of the text (observed). It is safe for
// concurrent use.
type OpaqueIDs struct {
	block   cipher.Block
	siv     *subtle.AESSIV
	tickets *subtle.AESSIV
}

// NewOpaqueIDs derives the keys of all ciphers from the installation's key of
// opaque ids.
func NewOpaqueIDs(key []byte) (*OpaqueIDs, error) {
	streams, err := hkdf.Key(sha256.New, key, nil, "parley commbox stream ids", 32)
	if err != nil {
		return nil, fmt.Errorf("derive key of stream ids: %w", err)
	}
	agents, err := hkdf.Key(sha256.New, key, nil, "parley commbox agent ids", subtle.AESSIVKeySize)
	if err != nil {
		return nil, fmt.Errorf("derive key of agent ids: %w", err)
	}
	ticket, err := hkdf.Key(sha256.New, key, nil, "parley commbox tickets", subtle.AESSIVKeySize)
	if err != nil {
		return nil, fmt.Errorf("derive key of tickets: %w", err)
	}
	block, err := aes.NewCipher(streams)
	if err != nil {
		return nil, fmt.Errorf("cipher of stream ids: %w", err)
	}
	siv, err := subtle.NewAESSIV(agents)
	if err != nil {
		return nil, fmt.Errorf("cipher of agent ids: %w", err)
	}
	tickets, err := subtle.NewAESSIV(ticket)
	if err != nil {
		return nil, fmt.Errorf("cipher of tickets: %w", err)
	}
	return &OpaqueIDs{block: block, siv: siv, tickets: tickets}, nil
}

// Stream returns the encrypted stream id of an inbox: one AES block over the
// kind, the id and the account. The id must be at most core.MaxID.
func (o *OpaqueIDs) Stream(account, id int64) string {
	var b [streamIDBytes]byte
	binary.BigEndian.PutUint64(b[:8], uint64(id))
	b[0] = opaqueStream // ids are below 2^53, so the first byte is free
	binary.BigEndian.PutUint64(b[8:], uint64(account))
	o.block.Encrypt(b[:], b[:])
	return string(appendOpaque(nil, b[:]))
}

// FindStream returns the id of the inbox that text stands for in the account.
// It misses for whatever this installation did not make for this account:
// kind and account are 72 of the 128 bits, so that other text cannot come out
// as an id by chance.
//
// Every spelling of the end is read: ==, %3d or %3D, and these encoded once
// more, as they arrive when a client encodes the literal for a path.
func (o *OpaqueIDs) FindStream(account int64, text string) (id int64, ok bool) {
	var b [streamIDBytes + 2]byte // DecodedLen rounds up
	raw, ok := parseOpaque(b[:], text, streamIDLength)
	if !ok || len(raw) != streamIDBytes {
		return 0, false
	}
	o.block.Decrypt(raw, raw)
	if raw[0] != opaqueStream || binary.BigEndian.Uint64(raw[8:]) != uint64(account) {
		return 0, false
	}
	raw[0] = 0
	id = int64(binary.BigEndian.Uint64(raw[:8]))
	return id, id > 0 && id <= core.MaxID
}

// Agent returns the encryptedId of an agent: AES-SIV over the id, with account
// and kind as associated data.
func (o *OpaqueIDs) Agent(account, id int64) string {
	var plain [agentPlain]byte
	binary.BigEndian.PutUint64(plain[8:], uint64(id))
	ad := agentData(account)
	// It fails only on texts of gigabytes.
	sealed, err := o.siv.EncryptDeterministically(plain[:], ad[:])
	if err != nil {
		panic(fmt.Sprintf("encrypt agent id: %v", err))
	}
	return string(appendOpaque(nil, sealed))
}

// FindAgent returns the id of the agent that text stands for in the account.
func (o *OpaqueIDs) FindAgent(account int64, text string) (id int64, ok bool) {
	var b [2*agentPlain + 1]byte
	raw, ok := parseOpaque(b[:], text, agentIDLength)
	if !ok || len(raw) != 2*agentPlain {
		return 0, false
	}
	ad := agentData(account)
	plain, err := o.siv.DecryptDeterministically(raw, ad[:])
	if err != nil || len(plain) != agentPlain || binary.BigEndian.Uint64(plain[:8]) != 0 {
		return 0, false
	}
	id = int64(binary.BigEndian.Uint64(plain[8:]))
	return id, id > 0 && id <= core.MaxID
}

func agentData(account int64) [9]byte {
	var ad [9]byte
	ad[0] = opaqueAgent
	binary.BigEndian.PutUint64(ad[1:], uint64(account))
	return ad
}

// appendOpaque appends raw in the alphabet of opaque ids.
func appendOpaque(b, raw []byte) []byte {
	for _, c := range base64.StdEncoding.AppendEncode(nil, raw) {
		switch c {
		case '/':
			b = append(b, "_f"...)
		case '+':
			b = append(b, "_b"...)
		case '=':
			b = append(b, "%3d"...)
		default:
			b = append(b, c)
		}
	}
	return b
}

// maxOpaqueBytes bounds what is looked at: an id of underscores alone whose
// percent signs were encoded twice over.
const maxOpaqueBytes = 2*agentIDLength + 16

// parseOpaque undoes appendOpaque into buf: text must be length characters of
// base64 once its substitutions are undone.
func parseOpaque(buf []byte, text string, length int) ([]byte, bool) {
	if len(text) > maxOpaqueBytes {
		return nil, false
	}
	for strings.Contains(text, "%25") {
		text = strings.ReplaceAll(text, "%25", "%")
	}
	var plain [maxOpaqueBytes]byte
	n := 0
	for i := 0; i < len(text); n++ {
		c, size, ok := opaqueByte(text[i:])
		if !ok {
			return nil, false
		}
		plain[n] = c
		i += size
	}
	if n != length {
		return nil, false
	}
	n, err := base64.StdEncoding.Strict().Decode(buf, plain[:n])
	return buf[:n], err == nil
}

// opaqueByte reads one base64 character from the beginning of text.
func opaqueByte(text string) (c byte, size int, ok bool) {
	switch {
	case strings.HasPrefix(text, "_f"):
		return '/', 2, true
	case strings.HasPrefix(text, "_b"):
		return '+', 2, true
	case strings.HasPrefix(text, "%3d"), strings.HasPrefix(text, "%3D"):
		return '=', 3, true
	}
	c = text[0]
	return c, 1, c == '=' || '0' <= c && c <= '9' || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
