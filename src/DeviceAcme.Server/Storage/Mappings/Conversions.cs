using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using DeviceAcme.Core;
using DeviceAcme.Core.Accounts;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Orders;
using DeviceAcme.Protocol.Acme;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace DeviceAcme.Server.Storage.Mappings;

/// <summary>How values stand in the store: times as Unix milliseconds, ids and statuses as text, lists as JSON.</summary>
internal static class Conversions
{
    public static void Configure(ModelConfigurationBuilder conventions)
    {
        conventions.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();
        conventions.Properties<AccountId>().HaveConversion<AccountIdText>();
        conventions.Properties<OrderId>().HaveConversion<OrderIdText>();
        conventions.Properties<AuthorizationId>().HaveConversion<AuthorizationIdText>();
        conventions.Properties<ChallengeId>().HaveConversion<ChallengeIdText>();
        conventions.Properties<CertificateId>().HaveConversion<CertificateIdText>();
        conventions.Properties<DeviceId>().HaveConversion<DeviceIdText>();
        conventions.Properties<EvidenceId>().HaveConversion<EvidenceIdText>();
        conventions.Properties<ActivationId>().HaveConversion<ActivationIdText>();
        conventions.Properties<TicketId>().HaveConversion<TicketIdText>();
        conventions.Properties<AccountStatus>().HaveConversion<StatusText<AccountStatus>>();
        conventions.Properties<OrderStatus>().HaveConversion<StatusText<OrderStatus>>();
        conventions.Properties<AuthorizationStatus>().HaveConversion<StatusText<AuthorizationStatus>>();
        conventions.Properties<ChallengeStatus>().HaveConversion<StatusText<ChallengeStatus>>();
        conventions.Properties<IssuanceState>().HaveConversion<StatusText<IssuanceState>>();
        conventions.Properties<OfficerDecision>().HaveConversion<StatusText<OfficerDecision>>();
        conventions.Properties<DeviceState>().HaveConversion<StatusText<DeviceState>>();
        conventions.Properties<IReadOnlyDictionary<string, string>>().HaveConversion<TextMapJson, MapComparer>();
        conventions.Properties<SightingState>().HaveConversion<StatusText<SightingState>>();
        conventions.Properties<Problem>().HaveConversion<ProblemJson>();
        conventions.Properties<IReadOnlyList<string>>().HaveConversion<TextListJson, ListComparer<string>>();
        conventions.Properties<IReadOnlyList<AcmeIdentifier>>().HaveConversion<IdentifierListJson, ListComparer<AcmeIdentifier>>();
    }

    internal sealed class UnixMilliseconds() : ValueConverter<DateTimeOffset, long>(time => time.ToUnixTimeMilliseconds(), ms => DateTimeOffset.FromUnixTimeMilliseconds(ms));

    // an id that nobody has set has no text; the compiled models (./dev models) need one for it
    internal sealed class AccountIdText() : ValueConverter<AccountId, string>(id => id.Value ?? "", text => new AccountId(text));

    internal sealed class OrderIdText() : ValueConverter<OrderId, string>(id => id.Value ?? "", text => new OrderId(text));

    internal sealed class AuthorizationIdText() : ValueConverter<AuthorizationId, string>(id => id.Value ?? "", text => new AuthorizationId(text));

    internal sealed class ChallengeIdText() : ValueConverter<ChallengeId, string>(id => id.Value ?? "", text => new ChallengeId(text));

    internal sealed class CertificateIdText() : ValueConverter<CertificateId, string>(id => id.Value ?? "", text => new CertificateId(text));

    internal sealed class DeviceIdText() : ValueConverter<DeviceId, string>(id => id.Value ?? "", text => new DeviceId(text));

    internal sealed class EvidenceIdText() : ValueConverter<EvidenceId, string>(id => id.Value ?? "", text => new EvidenceId(text));

    internal sealed class ActivationIdText() : ValueConverter<ActivationId, string>(id => id.Value ?? "", text => new ActivationId(text));

    internal sealed class TicketIdText() : ValueConverter<TicketId, string>(id => id.Value ?? "", text => new TicketId(text));

    internal sealed class StatusText<T>() : ValueConverter<T, string>(status => status.ToString().ToLowerInvariant(), text => Enum.Parse<T>(text, true))
        where T : struct, Enum;

    internal sealed class ProblemJson() : ValueConverter<Problem, string>(problem => Write(problem), text => Read<Problem>(text));

    internal sealed class TextMapJson() : ValueConverter<IReadOnlyDictionary<string, string>, string>(
        map => Write(map), text => new SortedDictionary<string, string>(Read<Dictionary<string, string>>(text), StringComparer.Ordinal));

    internal sealed class MapComparer() : ValueComparer<IReadOnlyDictionary<string, string>>(
        (left, right) => ReferenceEquals(left, right) || (left != null && right != null && left.SequenceEqual(right)),
        map => map.Aggregate(0, (hash, item) => HashCode.Combine(hash, item)),
        map => map);

    internal sealed class TextListJson() : ValueConverter<IReadOnlyList<string>, string>(list => Write(list), text => Read<List<string>>(text));

    internal sealed class IdentifierListJson() : ValueConverter<IReadOnlyList<AcmeIdentifier>, string>(
        list => Write(list), text => Read<List<AcmeIdentifier>>(text));

    internal sealed class ListComparer<T>() : ValueComparer<IReadOnlyList<T>>(
        (left, right) => ReferenceEquals(left, right) || (left != null && right != null && left.SequenceEqual(right)),
        list => list.Aggregate(0, (hash, item) => HashCode.Combine(hash, item)),
        list => list);

    internal static string Write<T>(T value) => JsonSerializer.Serialize(value, TypeInfo<T>());

    internal static T Read<T>(string text) => JsonSerializer.Deserialize(text, TypeInfo<T>())!;

    private static JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)ColumnJson.Default.GetTypeInfo(typeof(T))!;
}

/// <summary>What stands as JSON in a column.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(Dictionary<string, string>))]
[JsonSerializable(typeof(IReadOnlyDictionary<string, string>))]
[JsonSerializable(typeof(List<string>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(List<AcmeIdentifier>))]
[JsonSerializable(typeof(IReadOnlyList<AcmeIdentifier>))]
internal sealed partial class ColumnJson : JsonSerializerContext;
