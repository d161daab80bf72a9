package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// mintToken makes the token with which a user signs in; secret is JWT_SECRET.
func mintToken(secret, user, name string, lasts time.Duration) (string, error) {
	now := time.Now()
	claims, err := json.Marshal(map[string]any{
		"sub": user, "name": name, "iat": now.Unix(), "exp": now.Add(lasts).Unix(),
	})
	if err != nil {
		return "", err
	}
	part := base64.RawURLEncoding.EncodeToString
	signed := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part(claims)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + part(mac.Sum(nil)), nil
}

// isFromParlor verifies a webhook or a question: its body as it came, and the headers
// webhook-id, webhook-timestamp and webhook-signature. The secret is
// PARLOR_WEBHOOK_SECRET or PARLOR_CALLBACK_SECRET.
func isFromParlor(secret, id, timestamp, signatures string, body []byte, now time.Time) bool {
	at, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || math.Abs(float64(now.Unix()-at)) > 300 {
		return false // Too old, or a clock is wrong.
	}
	key := []byte(secret)
	if encoded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		if key, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return false
		}
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + timestamp + "."))
	mac.Write(body)
	expected := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, signature := range strings.Fields(signatures) {
		if hmac.Equal([]byte(signature), []byte(expected)) {
			return true
		}
	}
	return false
}
