using Xunit.v3;

namespace DeviceAcme.Testing;

/// <summary>Names the section that a test proves, for example <c>[Spec("RFC 8555 §7.4")]</c>; <c>./dev spec</c> lists them.</summary>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
public sealed class SpecAttribute(string section) : Attribute, ITraitAttribute
{
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Spec", section)];
}

/// <summary>The test needs something that a machine with only the .NET SDK does not have: an installed program, or <c>shared</c>.</summary>
/// <remarks><c>./dev test</c> leaves these out and says so; <c>./dev test --all</c> runs them, and they fail where it is missing.</remarks>
[AttributeUsage(AttributeTargets.Method | AttributeTargets.Class, AllowMultiple = true)]
public sealed class NeedsAttribute(string what) : Attribute, ITraitAttribute
{
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("Needs", what)];
}
