using System.Buffers;
using System.Globalization;
using System.Text.Json;
using DeviceAcme.Attestation;

namespace DeviceAcme.Core.Anchors;

/// <summary>A catalog as it is stored: the same content always has the same octets.</summary>
internal static class AnchorCatalogJson
{
    public static byte[] Write(AnchorCatalog catalog)
    {
        var buffer = new ArrayBufferWriter<byte>(16 * 1024);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteStartObject("folders");
            foreach (var (name, terms) in catalog.Folders.OrderBy(folder => folder.Key, StringComparer.Ordinal))
            {
                json.WritePropertyName(name);
                Write(json, terms);
            }

            json.WriteEndObject();
            json.WriteStartArray("anchors");
            foreach (var entry in catalog.Entries)
            {
                json.WriteStartObject();
                json.WriteString("folder", entry.Folder);
                json.WriteString("fingerprint", entry.Fingerprint);
                json.WriteString("provenance", entry.Provenance);
                json.WriteString("origin", Name(entry.Origin));
                if (!entry.Terms.IsUnlimited)
                {
                    json.WritePropertyName("terms");
                    Write(json, entry.Terms);
                }

                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteStartArray("distrusted");
            foreach (var item in catalog.Distrusted)
            {
                json.WriteStartObject();
                json.WriteString("fingerprint", item.Fingerprint);
                json.WriteString("reason", item.Distrust.Reason);
                json.WriteString("since", Time(item.Distrust.Since));
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="Write(AnchorCatalog)"/> wrote.</summary>
    public static AnchorCatalog Read(ReadOnlyMemory<byte> stored)
    {
        using var document = JsonDocument.Parse(stored);
        var root = document.RootElement;
        return new AnchorCatalog
        {
            Folders = root.GetProperty("folders").EnumerateObject().ToDictionary(folder => folder.Name, folder => ReadTerms(folder.Value), StringComparer.Ordinal),
            Entries =
            [
                .. root.GetProperty("anchors").EnumerateArray().Select(item => new AnchorEntry(
                    item.GetProperty("folder").GetString()!,
                    item.GetProperty("fingerprint").GetString()!,
                    item.GetProperty("provenance").GetString()!,
                    Origins.Single(origin => Name(origin) == item.GetProperty("origin").GetString()),
                    item.TryGetProperty("terms", out var terms) ? ReadTerms(terms) : AnchorTerms.Unlimited)),
            ],
            Distrusted = [.. root.GetProperty("distrusted").EnumerateArray().Select(item => new DistrustedCertificate(item.GetProperty("fingerprint").GetString()!, ReadDistrust(item)))],
        };
    }

    /// <summary>The name of an origin, as it is stored and shown.</summary>
    public static string Name(AnchorOrigin origin) => origin switch
    {
        AnchorOrigin.Files => "files",
        AnchorOrigin.Import => "import",
        _ => "fetched",
    };

    /// <summary>Writes terms as one object with the names of <c>terms.yaml</c>.</summary>
    public static void Write(Utf8JsonWriter json, AnchorTerms terms)
    {
        json.WriteStartObject();
        Write(json, "formats", terms.Formats);
        Write(json, "profiles", terms.Profiles);
        if (terms.Facts.Count > 0)
        {
            json.WriteStartObject("facts");
            foreach (var (name, value) in terms.Facts.OrderBy(fact => fact.Key, StringComparer.Ordinal))
            {
                switch (value)
                {
                    case FactValue.Flag flag:
                        json.WriteBoolean(name, flag.Value);
                        break;
                    case FactValue.Number number:
                        json.WriteNumber(name, number.Value);
                        break;
                    default:
                        json.WriteString(name, value.ToString());
                        break;
                }
            }

            json.WriteEndObject();
        }

        if (terms.Expired is { } expired)
        {
            json.WriteString("expired", expired == ExpiredCertificates.Ignore ? "ignore" : "enforce");
        }

        if (terms.HardwareType is { } type)
        {
            json.WriteString("hardware-type", type);
        }

        Write(json, "issuer-hosts", terms.IssuerHosts.Count > 0 ? terms.IssuerHosts : null);
        if (terms.Distrusted is { } distrusted)
        {
            json.WriteStartObject("distrusted");
            json.WriteString("reason", distrusted.Reason);
            json.WriteString("since", Time(distrusted.Since));
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>The terms as one object.</summary>
    public static JsonElement Element(AnchorTerms terms)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            Write(json, terms);
        }

        return JsonElement.Parse(buffer.WrittenSpan);
    }

    private static readonly AnchorOrigin[] Origins = Enum.GetValues<AnchorOrigin>();

    private static AnchorTerms ReadTerms(JsonElement terms) => new()
    {
        Formats = ReadTexts(terms, "formats"),
        Profiles = ReadTexts(terms, "profiles"),
        Facts = terms.TryGetProperty("facts", out var facts)
            ? facts.EnumerateObject().ToDictionary(fact => fact.Name, fact => Value(fact.Value), StringComparer.Ordinal)
            : AnchorTerms.Unlimited.Facts,
        Expired = terms.TryGetProperty("expired", out var expired)
            ? expired.GetString() == "ignore" ? ExpiredCertificates.Ignore : ExpiredCertificates.Enforce
            : null,
        HardwareType = terms.TryGetProperty("hardware-type", out var type) ? type.GetString() : null,
        IssuerHosts = ReadTexts(terms, "issuer-hosts") ?? [],
        Distrusted = terms.TryGetProperty("distrusted", out var distrusted) ? ReadDistrust(distrusted) : null,
    };

    private static FactValue Value(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => new FactValue.Number(value.GetInt64()),
        JsonValueKind.True or JsonValueKind.False => new FactValue.Flag(value.GetBoolean()),
        _ => new FactValue.Text(value.GetString()!),
    };

    private static Distrust ReadDistrust(JsonElement item) => new(
        item.GetProperty("reason").GetString()!,
        DateTimeOffset.Parse(item.GetProperty("since").GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal));

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static void Write(Utf8JsonWriter json, string name, IReadOnlyList<string>? values)
    {
        if (values is null)
        {
            return;
        }

        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }

    private static IReadOnlyList<string>? ReadTexts(JsonElement terms, string name) =>
        terms.TryGetProperty(name, out var values) ? [.. values.EnumerateArray().Select(value => value.GetString()!)] : null;
}
