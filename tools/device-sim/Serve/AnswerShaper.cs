using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace DeviceAcme.Simulator.Serve;

/// <summary>An answer on its way to the client.</summary>
internal sealed class ShapedAnswer
{
    public required int Status { get; set; }
    public List<KeyValuePair<string, string>> Headers { get; init; } = [];
    public byte[] Body { get; set; } = [];

    /// <summary>What was changed on the way.</summary>
    public List<string> Chaos { get; } = [];

    public string? MediaType => Headers.Where(pair => pair.Key.Equals("Content-Type", StringComparison.OrdinalIgnoreCase)).Select(pair => pair.Value.Split(';')[0].Trim()).FirstOrDefault();

    public void Set(string name, string? value)
    {
        Headers.RemoveAll(pair => pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase));
        if (value is not null)
        {
            Headers.Add(new(name, value));
        }
    }

    public string? Header(string name) => Headers.Where(pair => pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(pair => pair.Value).FirstOrDefault();
}

/// <summary>Changes what the server behind answered, as the switches want it: URLs, states, chains, members that nobody knows.</summary>
internal sealed class AnswerShaper(PublicUrls urls, SlowStates states, RenewalWindows renewals, ForgedChains chains, Chance chance)
{
    private const string PemChain = "application/pem-certificate-chain";

    public void Shape(Target target, SentJws? sent, ShapedAnswer answer, Switches switches, DateTimeOffset now)
    {
        if (answer.MediaType is "application/json" or "application/problem+json" && SentJws.Object(answer.Body) is { } json)
        {
            Show(target, sent, json, answer, switches, now);
            if (switches.Strict)
            {
                json = Unknown(target, json);
                answer.Headers.Add(new("Link", $"<{urls.BaseUrl}/>;rel=\"{chance.Word("relation")}\""));
                answer.Chaos.Add("strict");
            }

            answer.Body = Encoding.UTF8.GetBytes(Renamed(json)!.ToJsonString());
        }
        else if (answer.MediaType == PemChain && answer.Status == 200)
        {
            Chain(target, sent, answer, switches);
        }

        foreach (var (index, (name, value)) in answer.Headers.Index().ToList())
        {
            answer.Headers[index] = name.ToLowerInvariant() switch
            {
                "location" => new(name, urls.Public(value)),
                "link" when value.StartsWith('<') && value.IndexOf('>') is > 0 and var end => new(name, $"<{urls.Public(value[1..end])}{value[end..]}"),
                _ => answer.Headers[index],
            };
        }
    }

    /// <summary>A value of Retry-After as the switches want it; null for none.</summary>
    public static string? RetryAfter(TimeSpan wait, Switches switches, DateTimeOffset now) => wait <= TimeSpan.Zero ? null
        : switches.RetryAfterDates ? (now + wait).ToString("R", CultureInfo.InvariantCulture)
        : Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    private void Show(Target target, SentJws? sent, JsonObject json, ShapedAnswer answer, Switches switches, DateTimeOffset now)
    {
        if (answer.Status >= 400)
        {
            return;
        }

        var waits = false;
        switch (target.Resource)
        {
            case Resource.Directory when switches.RenewalInfo:
                json["renewalInfo"] = $"{urls.BaseUrl}/acme/{target.Profile}/renewal-info";
                break;
            case Resource.Challenge:
                if (sent is { IsPostAsGet: false } && switches.ValidationDelay > TimeSpan.Zero && Up(answer) is { } up)
                {
                    states.Answered(target.Path, up, now + switches.ValidationDelay);
                }

                waits = states.ShowChallenge(json, target.Path, now);
                break;
            case Resource.Authorization:
                waits = states.ShowAuthorization(json, target.Path, urls.PathOf, now);
                break;
            case Resource.NewOrder or Resource.Order or Resource.Finalize:
                waits = ShowOrder(target, sent, json, answer, switches, now);
                break;
            default:
                return;
        }

        if (waits)
        {
            answer.Set("Retry-After", RetryAfter(switches.RetryAfter, switches, now));
        }
    }

    private bool ShowOrder(Target target, SentJws? sent, JsonObject json, ShapedAnswer answer, Switches switches, DateTimeOffset now)
    {
        var path = urls.PathOf(answer.Header("Location") ?? target.Path.Replace("/finalize", "", StringComparison.Ordinal));
        if (target.Resource == Resource.NewOrder && SentJws.Text(sent?.Content?["replaces"]) is { } replaces)
        {
            renewals.Replaced(replaces, path);
        }

        if (renewals.ReplacedBy(path) is { } replaced)
        {
            json["replaces"] = replaced;
        }

        if (target.Resource == Resource.Finalize && switches.Processing > TimeSpan.Zero)
        {
            states.Finalized(path, now + switches.Processing);
            answer.Chaos.Add("processing");
        }

        return states.ShowOrder(json, path, (json["authorizations"] as JsonArray ?? []).Select(url => urls.PathOf(SentJws.Text(url) ?? "")), now);
    }

    private string? Up(ShapedAnswer answer) => answer.Headers.Where(pair => pair.Key.Equals("Link", StringComparison.OrdinalIgnoreCase) && pair.Value.EndsWith("rel=\"up\"", StringComparison.Ordinal))
        .Select(pair => urls.PathOf(pair.Value[1..pair.Value.IndexOf('>')])).FirstOrDefault();

    private void Chain(Target target, SentJws? sent, ShapedAnswer answer, Switches switches)
    {
        var found = new X509Certificate2Collection();
        found.ImportFromPem(Encoding.ASCII.GetString(answer.Body));
        if (found.Count == 0)
        {
            return;
        }

        renewals.Saw(found[0], sent?.Kid);
        var own = $"{urls.BaseUrl}{target.Path}";
        var number = Math.Clamp(target.Alternate, 0, switches.AlternateChains);
        if (found.Count > 1 && (number > 0 || switches.LargeChains > 0))
        {
            var above = chains.Above(found[1], number, Math.Max(1, switches.LargeChains));
            answer.Body = Encoding.ASCII.GetBytes(string.Join("\n", above.Prepend(found[0]).Select(certificate => certificate.ExportCertificatePem())) + "\n");
            answer.Set("Content-Length", null);
            answer.Chaos.Add(number > 0 ? $"alternate chain {number}" : "long chain");
        }

        for (var other = 0; other <= switches.AlternateChains; other++)
        {
            if (other != number)
            {
                answer.Headers.Add(new("Link", $"<{(other == 0 ? own : PublicUrls.AlternateOf(own, other))}>;rel=\"alternate\""));
            }
        }
    }

    private JsonObject Unknown(Target target, JsonObject json)
    {
        var members = json.Select(pair => (pair.Key, Value: pair.Value?.DeepClone())).ToList();
        members.Add(("grease-" + chance.Word(target.Path)[..6], new JsonObject { ["why"] = "clients must not mind what they do not know", ["more"] = new JsonArray(1, true, null) }));
        if (target.Resource == Resource.Directory && json["newOrder"] is not null)
        {
            members.Add(("newGrease", $"{urls.BaseUrl}/{chance.Word("resource")}"));
        }

        if (target.Resource == Resource.Authorization && json["challenges"] is JsonArray challenges)
        {
            var more = challenges.Select(challenge => challenge?.DeepClone()).Append(new JsonObject
            {
                ["type"] = "grease-01",
                ["status"] = "pending",
                ["token"] = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)),
                ["url"] = $"{urls.BaseUrl}/{chance.Word("challenge")}",
            });
            members[members.FindIndex(member => member.Key == "challenges")] = ("challenges", new JsonArray([.. chance.Shuffled(more)]));
        }

        var shuffled = new JsonObject();
        foreach (var (name, value) in chance.Shuffled(members))
        {
            shuffled[name] = value;
        }

        return shuffled;
    }

    private JsonNode? Renamed(JsonNode? node) => node switch
    {
        JsonObject members => new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, Renamed(member.Value)))),
        JsonArray items => new JsonArray([.. items.Select(Renamed)]),
        JsonValue value when value.TryGetValue(out string? text) => JsonValue.Create(urls.Public(text)),
        _ => node?.DeepClone(),
    };
}
