using DeviceAcme.Protocol.Acme;

namespace DeviceAcme.Core.Identifiers;

/// <summary>One identifier type: its grammar, and how an order's value becomes an authorization.</summary>
internal interface IIdentifierType
{
    /// <summary>The registered name, for example <c>dns</c>.</summary>
    string Name { get; }

    /// <summary>Checks the grammar and gives the value as it is stored and compared; throws <see cref="ProblemException"/>.</summary>
    string Read(string value);

    /// <summary>The value that is authorized, and whether the order asked for a wildcard (RFC 8555 §7.1.3).</summary>
    (string Value, bool Wildcard) Authorize(string value) => (value, false);

    /// <summary>Whether a challenge of this type can prove the value.</summary>
    bool CanProve(string challengeType, bool wildcard);
}
