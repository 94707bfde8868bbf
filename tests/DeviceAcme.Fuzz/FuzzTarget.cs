namespace DeviceAcme.Fuzz;

/// <summary>One parser of what clients and devices send.</summary>
/// <param name="Name">As the command line names it.</param>
/// <param name="What">What is fed to what.</param>
/// <param name="Seeds">Good inputs, which are broken.</param>
/// <param name="Parse">
/// Feeds one input and tells what became of it, in words that are alike where the same happened. Every exception that escapes is a finding:
/// the parser's own refusals are caught here.
/// </param>
internal sealed record FuzzTarget(string Name, string What, IReadOnlyList<byte[]> Seeds, Func<ReadOnlyMemory<byte>, string> Parse)
{
    /// <summary>
    /// The whole verification, where <paramref name="Parse"/> is only its first step: too many signatures to check them for every input, so it
    /// is fed with every sixteenth, and with all that did something new.
    /// </summary>
    public Func<ReadOnlyMemory<byte>, string>? Verify { get; init; }
}
