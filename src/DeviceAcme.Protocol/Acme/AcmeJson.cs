using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeviceAcme.Protocol.Acme;

/// <summary>How the objects are written: camelCase, members without a value left out, and text for people left readable.</summary>
public static class AcmeJson
{
    /// <summary>The types that can be written and read.</summary>
    // The default encoder writes an apostrophe as \u0027, for HTML; these documents are application/json and read in terminals.
    public static AcmeJsonContext Default { get; } =
        new(new JsonSerializerOptions(AcmeJsonContext.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

/// <summary>Generated serializers of the wire objects; use <see cref="AcmeJson.Default"/>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(DirectoryObject))]
[JsonSerializable(typeof(AccountObject))]
[JsonSerializable(typeof(OrderObject))]
[JsonSerializable(typeof(AuthorizationObject))]
[JsonSerializable(typeof(ChallengeObject))]
[JsonSerializable(typeof(OrdersObject))]
[JsonSerializable(typeof(Problem))]
public sealed partial class AcmeJsonContext : JsonSerializerContext;
