using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace DeviceAcme.Attestation;

/// <summary>
/// The JSON form of a verdict, for storage and explanation: <c>verdict</c>, <c>format</c>, <c>reason</c>, <c>class</c>, <c>checks[]</c>,
/// <c>facts[]</c> and, when accepted, <c>device</c>. <see cref="Read"/> gives back what <see cref="Write"/> was given.
/// </summary>
public static class VerdictJson
{
    // the form is stored and shown in consoles, never put into HTML unescaped; names of people and places stay readable
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>UTF-8 JSON of the verdict.</summary>
    public static byte[] Write(Verdict verdict)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            Write(writer, verdict);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Writes the verdict as one object into a document that the caller has begun.</summary>
    public static void Write(Utf8JsonWriter writer, Verdict verdict)
    {
        writer.WriteStartObject();
        writer.WriteString("verdict", Name(verdict.Outcome));
        writer.WriteString("format", verdict.Format);
        if (verdict.Reason is { } reason)
        {
            writer.WriteString("reason", reason.Code);
            writer.WriteString("class", reason.Class);
        }

        writer.WriteStartArray("checks");
        foreach (var check in verdict.Checks)
        {
            Write(writer, check);
        }

        writer.WriteEndArray();
        writer.WritePropertyName("facts");
        Write(writer, verdict.Facts);
        if (verdict.Device is { } device)
        {
            writer.WriteStartObject("device");
            writer.WriteString("publicKey", Base64Url.EncodeToString(device.PublicKey.Span));
            writer.WriteString("identifier", device.Identifier);
            writer.WriteString("binding", Name(device.Binding));
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    /// <summary>The facts alone, as a JSON array: what an authorization keeps of its evidence.</summary>
    public static string WriteFacts(FactSet facts)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            Write(writer, facts);
        }

        return System.Text.Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Reads what <see cref="WriteFacts"/> wrote.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static FactSet ReadFacts(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            return ReadFacts(document.RootElement);
        }
        catch (Exception broken) when (broken is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException("not the JSON form of facts", broken);
        }
    }

    /// <summary>Reads what <see cref="Write(Verdict)"/> wrote.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static Verdict Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            return new Verdict
            {
                Outcome = Outcome(Text(root, "verdict")),
                Format = Text(root, "format"),
                Checks = [.. root.GetProperty("checks").EnumerateArray().Select(ReadCheck)],
                Facts = ReadFacts(root.GetProperty("facts")),
                Device = root.TryGetProperty("device", out var device) ? ReadDevice(device) : null,
            };
        }
        catch (Exception broken) when (broken is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException("not the JSON form of a verdict", broken);
        }
    }

    private static void Write(Utf8JsonWriter writer, Check check)
    {
        writer.WriteStartObject();
        writer.WriteString("name", check.Name);
        writer.WriteString("rule", check.Rule);
        writer.WriteString("outcome", Name(check.Outcome));
        WriteOptional(writer, "found", check.Found);
        WriteOptional(writer, "reason", check.Reason?.Code);
        WriteOptional(writer, "class", check.Reason?.Class);
        WriteOptional(writer, "reasonAdvice", check.Reason?.Advice == check.Advice ? null : check.Reason?.Advice);
        WriteOptional(writer, "advice", check.Advice);
        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, FactSet facts)
    {
        writer.WriteStartArray();
        foreach (var fact in facts.All)
        {
            Write(writer, fact);
        }

        writer.WriteEndArray();
    }

    private static FactSet ReadFacts(JsonElement facts) => new([.. facts.EnumerateArray().Select(ReadFact)]);

    private static void Write(Utf8JsonWriter writer, Fact fact)
    {
        writer.WriteStartObject();
        writer.WriteString("name", fact.Name);
        writer.WriteString("type", TypeOf(fact.Value));
        switch (fact.Value)
        {
            case FactValue.Number number:
                writer.WriteNumber("value", number.Value);
                break;
            case FactValue.Flag flag:
                writer.WriteBoolean("value", flag.Value);
                break;
            case FactValue.Blank:
                break;
            case FactValue.Instant instant:
                // round trip: the shown form has whole seconds
                writer.WriteString("value", instant.Value.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture));
                break;
            default:
                writer.WriteString("value", fact.Value.ToString());
                break;
        }

        writer.WriteBoolean("proven", fact.Proven);
        writer.WriteEndObject();
    }

    private static void WriteOptional(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
        {
            writer.WriteString(name, value);
        }
    }

    private static Check ReadCheck(JsonElement check)
    {
        var advice = Optional(check, "advice");
        // what was stored counts: the table may have changed since
        var reason = Optional(check, "reason") is { } code
            ? new Reason(code, Text(check, "class"), Optional(check, "reasonAdvice") ?? advice ?? "")
            : null;
        return new Check(Text(check, "name"), Text(check, "rule"), CheckOutcomeOf(Text(check, "outcome")), Optional(check, "found"), reason, advice);
    }

    private static Fact ReadFact(JsonElement fact)
    {
        FactValue value = Text(fact, "type") switch
        {
            "text" => new FactValue.Text(Text(fact, "value")),
            "number" => new FactValue.Number(fact.GetProperty("value").GetInt64()),
            "flag" => new FactValue.Flag(fact.GetProperty("value").GetBoolean()),
            "octets" => new FactValue.Octets(Convert.FromHexString(Text(fact, "value"))),
            "instant" => new FactValue.Instant(
                DateTimeOffset.ParseExact(Text(fact, "value"), "O", CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind)),
            "blank" => new FactValue.Blank(),
            var other => throw new FormatException($"unknown type of fact '{other}'"),
        };
        return new Fact(Text(fact, "name"), value, fact.GetProperty("proven").GetBoolean());
    }

    private static AttestedDevice ReadDevice(JsonElement device) => new()
    {
        PublicKey = Base64Url.DecodeFromChars(Text(device, "publicKey")),
        Identifier = Text(device, "identifier"),
        Binding = Text(device, "binding") switch
        {
            "token" => FreshnessBinding.Token,
            "activation" => FreshnessBinding.Activation,
            _ => FreshnessBinding.KeyAuthorization,
        },
    };

    private static string Text(JsonElement element, string name) =>
        element.GetProperty(name).GetString() ?? throw new FormatException($"{name} is null");

    private static string? Optional(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static string TypeOf(FactValue value) => value switch
    {
        FactValue.Text => "text",
        FactValue.Number => "number",
        FactValue.Flag => "flag",
        FactValue.Octets => "octets",
        FactValue.Instant => "instant",
        _ => "blank",
    };

    private static string Name(VerdictOutcome outcome) => outcome switch
    {
        VerdictOutcome.Accepted => "accepted",
        VerdictOutcome.Refused => "refused",
        _ => "incomplete",
    };

    private static string Name(CheckOutcome outcome) => outcome switch
    {
        CheckOutcome.Passed => "passed",
        CheckOutcome.Failed => "failed",
        CheckOutcome.Observed => "observed",
        _ => "not-reached",
    };

    private static string Name(FreshnessBinding binding) => binding switch
    {
        FreshnessBinding.Token => "token",
        FreshnessBinding.Activation => "activation",
        _ => "key-authorization",
    };

    private static VerdictOutcome Outcome(string name) => name switch
    {
        "accepted" => VerdictOutcome.Accepted,
        "refused" => VerdictOutcome.Refused,
        "incomplete" => VerdictOutcome.Incomplete,
        _ => throw new FormatException($"unknown verdict '{name}'"),
    };

    private static CheckOutcome CheckOutcomeOf(string name) => name switch
    {
        "passed" => CheckOutcome.Passed,
        "failed" => CheckOutcome.Failed,
        "observed" => CheckOutcome.Observed,
        "not-reached" => CheckOutcome.NotReached,
        _ => throw new FormatException($"unknown outcome '{name}'"),
    };
}
