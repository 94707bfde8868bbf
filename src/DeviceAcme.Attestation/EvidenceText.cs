namespace DeviceAcme.Attestation;

/// <summary>What a client sent, made fit for logs, consoles and problem documents: bounded and without control characters.</summary>
internal static class EvidenceText
{
    private const int MaxLength = 160;

    public static string Visible(string text)
    {
        var visible = new string([.. text.Take(MaxLength).Select(letter => char.IsControl(letter) || char.IsSurrogate(letter) ? '\uFFFD' : letter)]);
        return text.Length > MaxLength ? visible + "…" : visible;
    }
}
