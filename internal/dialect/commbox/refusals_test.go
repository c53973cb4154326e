package commbox_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"parley/internal/testkit"
	"parley/internal/testkit/testserver"
)

const (
	list   = "/v2/users/identities/558355/objects"
	single = "/streams/19155/objects/396001"
)

// refusals are requests that get an error: 400, 401, 404 and 501 of each
// operation. The others are in failures_test.go.
func refusals() []exchange {
	all := slices.Concat(malformed(), unauthorized(), absent(), unserved())
	return all
}

func malformed() []exchange {
	paths := []string{
		userObjects("abc"), userObjects("0"), userObjects("-5"), userObjects("+5"), userObjects("1.0"), userObjects("1e3"), userObjects("%20558355"),
		userObjects("9223372036854775808"), userObjects("99999999999999999999999"), userObjects("\u0661"), userObjects("0x1"), userObjects("5%2F5"),
		"/streams/19155/objects/abc", "/streams/19155/objects/0", "/streams/19155/objects/-1", "/streams/19155/objects/9223372036854775808",
		"/streams/0/objects/396001", "/streams/9223372036854775808/objects/396001",
		// Parameters come before existence.
		"/streams/" + encryptedForeign + "==/objects/0", userObjects("9007199254740992") + "?pageSize=x",
	}
	for _, q := range []string{
		"includeChilds=yes", "includeChilds=2", "includeChilds=%20true", "includeActivityLog=null", "includeActivityLog=t", "includeChilds=x&includeChilds=true",
		"%zz=1", "a;b",
	} {
		paths = append(paths, list+"?"+q, single+"?"+q)
	}
	for _, q := range []string{
		"pageNumber=-1", "pageNumber=x", "pageNumber=1.5", "pageNumber=9223372036854775808", "pageSize=0", "pageSize=-1", "pageSize=all",
		"order=id", "order=closedtime,createdtime", "sort=down", "sort=1", "status=open", "status=12", "status=16", "status=0", "status=-1", "status=1,,8",
		"status=1,", "status=,", "status=1;8", "status=1,99999999999999999999", "stream=-1", "stream=x", "subStream=x", "objectId=1,2", "moduleId=CHAT",
	} {
		paths = append(paths, list+"?"+q)
	}
	return refused("400", http.StatusBadRequest, paths...)
}

func unauthorized() []exchange {
	var all []exchange
	for _, auth := range []string{
		"-", "none", "Bearer", "Bearer ", "Basic aGFyYm91cjpzaXRl", "Bearer wrong", "Token harbour-site-key-0001", "Bearer harbour-site-key-0001 x",
		"Bearer harbour-old-key-0001", "Bearer harbour-revoked-key-0001", "Bearer harbour-writer-key-0001", "harbour-site-key-0001x",
		"Bearer " + strings.Repeat("k", 5000), "Bearer HARBOUR-SITE-KEY-0001",
	} {
		for _, path := range []string{list, single, userObjects("abc"), "/streams/x/objects/y?includeChilds=2", list + "?access_token=harbour-site-key-0001"} {
			if auth == "-" && strings.Contains(path, "access_token") {
				continue // then the query counts
			}
			e := refused("401", http.StatusUnauthorized, path)[0]
			e.auth = auth
			all = append(all, e)
		}
	}
	return all
}

func absent() []exchange {
	all := refused("404", http.StatusNotFound,
		userObjects("1"), userObjects("9007199254740991"), userObjects("9007199254740992"), userObjects("9223372036854775807"),
		userObjects("900002"),                   // of another account
		userObjects("558237"),                   // an agent's own
		userObjects("545516"),                   // a contact, not an identity
		userObjects("900002")+"?pageNumber=5",   // absent on any page
		userObjects("1")+"?stream=61&status=15", // and under any filter
		"/streams/19155/objects/1", "/streams/19155/objects/9007199254740992", "/streams/9007199254740992/objects/396001",
		"/streams/41/objects/396001",    // the object is in another stream
		"/streams/90/objects/990001",    // of another account
		"/streams/19155/objects/990001", // the stream is not
		"/streams/"+encryptedForeign+"==/objects/990001",
		"/streams/"+encryptedForeign+"==/objects/396001",
		"/streams/hNyRN_fLUy7rrOrN9jLpipA%3d%3d/objects/396001", "/streams/nex9tHPKdBkD_fAfbuUPABg%253d%253d/objects/396001",
		"/streams/abc/objects/396001", "/streams/-5/objects/396001", "/streams/%3d%3d/objects/396001",
		"/streams/"+encryptedStream+"/objects/396001", "/streams/"+strings.ToLower(encryptedStream)+"==/objects/396001",
		"/streams/"+strings.Repeat("%25", 500)+"/objects/396001",
	)
	unknown := refused("404", http.StatusNotFound,
		"/v2", "/v2/", "/v2/users", "/v2/users/identities", "/v2/users/identities/558355", "/v2/users/identities/558355/object",
		"/v2/users/identities//objects", "/v2/users/identities/558355/objects//", "/v2/users/identities/558355%2Fobjects", "/v2/managers",
		"/streams/19155", "/streams/19155/objects/396001/childs", "/streams//objects/396001", "/users/identities/558355", "/core", "/core/status",
		"/objects/396001", "/tags/1/objects/1", "/forms", "/automation/objects/1", "/stats", "/auth/ticket/1",
	)
	for i := range unknown {
		unknown[i].undescribed = true
		unknown[i].auth = []string{bearer, "-"}[i%2] // a key makes no difference
	}
	return append(all, unknown...)
}

// unserved are verbs that the two operations lack, with a key and without. The
// other operations are in coverage_test.go.
func unserved() []exchange {
	var all []exchange
	for i, method := range []string{"POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "BREW"} {
		for _, path := range []string{list, single + "?includeChilds=2"} {
			e := refused("501", http.StatusNotImplemented, path)[0]
			e.method, e.auth = method, []string{bearer, "-"}[i%2]
			e.undescribed = method == "OPTIONS" || method == "BREW"
			all = append(all, e)
		}
	}
	return all
}

// refused makes an exchange of each path; answers below /v2 have another
// response_time and so another golden.
func refused(name string, status int, paths ...string) []exchange {
	all := make([]exchange, len(paths))
	for i, path := range paths {
		golden := "errors/" + name
		if strings.HasPrefix(strings.ToLower(path), "/v2") {
			golden = "errors/v2_" + name
		}
		all[i] = exchange{golden: golden, path: path, status: status}
	}
	return all
}

// TestKeys tries every place for the key.
func TestKeys(t *testing.T) {
	t.Parallel()
	testserver.Each(t, fixture, func(t *testing.T, s *testserver.Server) {
		for _, auth := range []string{
			"harbour-site-key-0001", "bearer harbour-site-key-0001", "BEARER   harbour-site-key-0001 ", "Bearer harbour-site-key-0002",
			"Bearer harbour-reader-key-0001", "Bearer harbour-agent-key-0001",
		} {
			check(t, s, exchange{golden: "user_objects/seed", path: list, auth: auth})
			check(t, s, exchange{golden: "get_object/seed", path: single, auth: auth})
		}
		query := "?access_token=" + url.QueryEscape("harbour-site-key-0001")
		for path, golden := range map[string]string{list: "user_objects/seed", single: "get_object/seed"} {
			got := s.Do(t, http.MethodGet, path+query)
			if got.Status != http.StatusOK {
				t.Errorf("GET %s answered %d", path+query, got.Status)
			}
			testkit.Golden(t, "testdata/golden/"+golden+".json", got.Body)
		}
		// Another account sees what it would see if the first did not exist.
		for _, path := range []string{list, single, "/streams/" + encryptedStream + "==/objects/396001"} {
			e := refused("404", http.StatusNotFound, path)[0]
			e.auth = "Bearer other-site-key-0001"
			check(t, s, e)
		}
	})
}
